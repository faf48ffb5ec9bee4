/* The axis theorem over columns of int64: what analytic/axis.py and analytic/floorsum.py say, in C.
 *
 * For the benchmarks alone. Nothing is checked: the rows are legal and small.
 */
#include <stdint.h>

typedef int64_t integer;

static integer at_least(integer a, integer b) { return a > b ? a : b; }
static integer at_most(integer a, integer b) { return a < b ? a : b; }

/* C rounds a quotient towards zero; the formulas want the floor. The divisor is positive. */
static integer floor_quotient(integer a, integer b) { return a / b - (a % b < 0); }

static integer gcd(integer a, integer b)
{
    while (b) {
        integer rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The sum of (a*i + b)/m, rounded down, over 0 <= i < n, for a, b >= 0. */
static integer floor_sum(integer n, integer m, integer a, integer b)
{
    integer total = 0;
    while (n > 0) {
        total += a / m * (n * (n - 1) / 2) + b / m * n;
        a %= m;
        b %= m;
        integer end = a * n + b, slope = a;
        n = end / m;
        b = end % m;
        a = m;
        m = slope;
    }
    return total;
}

/* The pairs (i, j) of the box [0,n) x [0,k) with i*s + j*d < t. */
static integer F(integer n, integer k, integer s, integer d, integer t)
{
    if (t <= 0 || n <= 0 || k <= 0)
        return 0;
    integer some = at_most((t - 1) / s + 1, n);
    integer whole = at_most(at_least(floor_quotient(t - 1 - (k - 1) * d, s) + 1, 0), some);
    integer partial = some - whole;
    return whole * k + partial + floor_sum(partial, d, s, t - 1 - (some - 1) * s);
}

/* Size, overlaps and covered of each row. */
void extents(integer rows, const integer *n, const integer *k, const integer *s, const integer *d,
             const integer *b, const integer *e, const integer *o, integer *size,
             integer *overlaps, integer *covered)
{
    for (integer row = 0; row < rows; row++) {
        integer left = b[row], right = e[row] - o[row];
        integer g = gcd(s[row], d[row]), lcm = s[row] / g * d[row];
        integer inputs = at_least(n[row] - d[row] / g, 0);
        integer taps = at_least(k[row] - s[row] / g, 0);
        integer kept = n[row] * k[row] - F(n[row], k[row], s[row], d[row], left)
                       - F(n[row], k[row], s[row], d[row], right);
        integer collisions = inputs * taps - F(inputs, taps, s[row], d[row], left - lcm)
                             - F(inputs, taps, s[row], d[row], right - lcm);
        size[row] = (n[row] - 1) * s[row] + (k[row] - 1) * d[row] + 1 - b[row] - e[row] + o[row];
        overlaps[row] = kept;
        covered[row] = kept - collisions;
    }
}
