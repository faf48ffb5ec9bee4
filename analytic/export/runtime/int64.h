#ifndef CONVTRANSPOSE_OPS_INT64
#define CONVTRANSPOSE_OPS_INT64

#include <stdint.h>

/* What a function returns. Only with COUNT_OK has it written a result. */
enum { COUNT_OK = 0, COUNT_ILLEGAL = 1, COUNT_OVERFLOW = 2 };

/* Each operation is exact, or sets *bad: nothing wraps. */

static inline int64_t i64_fail(int *bad)
{
    *bad = 1;
    return 0;
}

static inline int64_t i64_add(int64_t a, int64_t b, int *bad)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return i64_fail(bad);
    return a + b;
}

static inline int64_t i64_sub(int64_t a, int64_t b, int *bad)
{
    if (b > 0 ? a < INT64_MIN + b : a > INT64_MAX + b) return i64_fail(bad);
    return a - b;
}

static inline int64_t i64_mul(int64_t a, int64_t b, int *bad)
{
    if (a > 0) {
        if (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a) return i64_fail(bad);
    } else if (b > 0) {
        if (a < INT64_MIN / b) return i64_fail(bad);
    } else if (a != 0 && b < INT64_MAX / a) {
        return i64_fail(bad);
    }
    return a * b;
}

static inline int64_t i64_power(int64_t base, int64_t exponent, int *bad)
{
    int64_t power = 1;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2) power = i64_mul(power, base, bad);
        if (exponent > 1) base = i64_mul(base, base, bad);
    }
    return power;
}

/* The floor of a/b: C rounds towards 0. */
static inline int64_t i64_floor_div(int64_t a, int64_t b, int *bad)
{
    if (b == 0 || (a == INT64_MIN && b == -1)) return i64_fail(bad);
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static inline int64_t i64_mod(int64_t a, int64_t b, int *bad)
{
    if (b == 0) return i64_fail(bad);
    if (b == -1) return 0;
    return a % b + (a % b != 0 && (a < 0) != (b < 0) ? b : 0);
}

static inline int64_t i64_max(int64_t a, int64_t b) { return a > b ? a : b; }

static inline int64_t i64_min(int64_t a, int64_t b) { return a < b ? a : b; }

static inline int64_t i64_gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The sum of floor((a*i + b)/m) over 0 <= i < n, by Euclid's steps. */
static inline int64_t i64_floor_sum(int64_t n, int64_t m, int64_t a, int64_t b, int *bad)
{
    int64_t total = 0;
    while (n > 0) {
        int64_t slope = i64_floor_div(a, m, bad);
        if (slope != 0) { /* else n(n - 1)/2 is of no account, however large */
            int64_t pairs = n % 2 ? i64_mul(n, (n - 1) / 2, bad) : i64_mul(n / 2, n - 1, bad);
            total = i64_add(total, i64_mul(slope, pairs, bad), bad);
        }
        total = i64_add(total, i64_mul(i64_floor_div(b, m, bad), n, bad), bad);
        a = i64_mod(a, m, bad);
        int64_t reach = i64_add(i64_mul(a, n, bad), i64_mod(b, m, bad), bad);
        n = reach / m;
        b = reach % m;
        int64_t modulus = m;
        m = a;
        a = modulus;
    }
    return total;
}

#endif
