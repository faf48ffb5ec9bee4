"use strict";

// An argument as a BigInt: a BigInt, or a number that is an integer without loss.
function whole(name, value) {
  if (typeof value === "bigint") return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  if (name === "bias" && typeof value === "boolean") return value ? 1n : 0n;
  throw new TypeError(`${name} must be an integer, got ${String(value)}`);
}

// ⌊a/b⌋ and a − b·⌊a/b⌋: the operators / and % of BigInt round towards 0.
function floor_div(a, b) {
  const quotient = a / b;
  return a % b !== 0n && (a < 0n) !== (b < 0n) ? quotient - 1n : quotient;
}

function mod(a, b) {
  return a - b * floor_div(a, b);
}

function max(...values) {
  return values.reduce((a, b) => (a > b ? a : b));
}

function min(...values) {
  return values.reduce((a, b) => (a < b ? a : b));
}

function gcd(a, b) {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

// Σ_{i<n} ⌊(a·i + b)/m⌋, by Euclid's steps.
function floor_sum(n, m, a, b) {
  let total = 0n;
  while (n > 0n) {
    total += floor_div(a, m) * ((n * (n - 1n)) / 2n) + floor_div(b, m) * n;
    const reach = mod(a, m) * n + mod(b, m);
    [n, m, a, b] = [reach / m, mod(a, m), m, reach % m];
  }
  return total;
}
