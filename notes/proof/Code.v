(** Written by translate.py from the Python sources: not to be edited. *)

From Coq Require Import ZArith List String.
From Proof Require Counting.
From Proof Require Import Python.
Import ListNotations.
Open Scope Z_scope.

(** analytic/floorsum.py *)

Definition floor_sum_test '((n, m, a, b, total) : Z * Z * Z * Z * Z) :=
  (n >? 0).
Definition floor_sum_round '((n, m, a, b, total) : Z * Z * Z * Z * Z) :=
  let total := total + (n * (n - 1) / 2 * (a / m) + n * (b / m)) in
  let a := a mod m in
  let top := a * n + b mod m in
  let n := top / m in
  let b := top mod m in
  let '(m, a) := (a, m) in
  (n, m, a, b, total).
Definition floor_sum_round_runs '((n, m, a, b, total) : Z * Z * Z * Z * Z) : Prop :=
  1 <= m /\ (let total := total + (n * (n - 1) / 2 * (a / m) + n * (b / m)) in
  1 <= m /\ (let a := a mod m in
  1 <= m /\ (let top := a * n + b mod m in
  1 <= m /\ (let n := top / m in
  1 <= m)))).
Definition floor_sum (n m a b : Z) :=
  let total := 0 in
  let '(n, m, a, b, total) := loop floor_sum_test floor_sum_round
    (rounds [n; m; a; b; total]) (n, m, a, b, total) in
  total.
Definition floor_sum_runs (n m a b : Z) : Prop :=
  (let total := 0 in
  loop_runs floor_sum_test floor_sum_round floor_sum_round_runs
    (rounds [n; m; a; b; total]) (n, m, a, b, total)).

Definition lattice_points (n k s d t : Z) :=
  let some := Z.min ((t - 1 + s) / s) n in
  let whole := Z.min (Z.max (t - 1 - (k - 1) * d + 2 * s) s / s - 1) some in
  let partial := some - whole in
  whole * k + partial + floor_sum partial d s (t - 1 - (some - 1) * s).
Definition lattice_points_runs (n k s d t : Z) : Prop :=
  1 <= s /\ (let some := Z.min ((t - 1 + s) / s) n in
  1 <= s /\ (let whole := Z.min (Z.max (t - 1 - (k - 1) * d + 2 * s) s / s - 1) some in
  (let partial := some - whole in
  floor_sum_runs partial d s (t - 1 - (some - 1) * s)))).

(** analytic/arithmetic.py *)

Definition _lattice_points (n k s d t : Z) :=
  lattice_points n k s d t.
Definition _lattice_points_runs (n k s d t : Z) : Prop :=
  lattice_points_runs n k s d t.

Definition F (n k s d t : Z) :=
  if ((t <=? 0) || (n <=? 0))%bool then 0
  else if (t <=? s) then Z.min k ((t - 1) / d + 1)
  else _lattice_points n k s d t.
Definition F_runs (n k s d t : Z) : Prop :=
  (if ((t <=? 0) || (n <=? 0))%bool then True
  else (if (t <=? s) then 1 <= d
  else _lattice_points_runs n k s d t)).

(** analytic/axis.py *)


Definition size (axis : Counting.axis) :=
  let '(Counting.Axis n k s d b e o) := axis in
  (n - 1) * s + (k - 1) * d + 1 - b - e + o.

Definition ordinary (size_ k s d b e : Z) :=
  let spare := size_ + b + e - d * (k - 1) - 1 in
  let n := spare / s + 1 in
  Counting.Axis n k s d b e (spare - (n - 1) * s).
Definition ordinary_runs (size_ k s d b e : Z) : Prop :=
  (let spare := size_ + b + e - d * (k - 1) - 1 in
  1 <= s).

Definition same (k d : Z) :=
  let both := d * (k - 1) in
  (both / 2, both - both / 2).

Definition positive (number : Z) :=
  Z.min (Z.max number 0) 1.

Definition kept (n k s d left right : Z) :=
  n * k - F n k s d left - F n k s d right.
Definition kept_runs (n k s d left right : Z) : Prop :=
  F_runs n k s d left /\ F_runs n k s d right.

Definition overlaps (axis : Counting.axis) :=
  let '(Counting.Axis n k s d b e o) := axis in
  kept n k s d b (e - o).
Definition overlaps_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis n k s d b e o) := axis in
  kept_runs n k s d b (e - o)).

Definition covered (axis : Counting.axis) (overlaps_ : Z) :=
  let '(Counting.Axis n k s d b e o) := axis in
  let g := Z.gcd s d in
  let '(inputs_apart, taps_apart) := (d / g, s / g) in
  let lcm := s * inputs_apart in
  let '(n, k) := (Z.max (n - inputs_apart) 0, Z.max (k - taps_apart) 0) in
  overlaps_ - kept n k s d (b - lcm) (e - o - lcm).
Definition covered_runs (axis : Counting.axis) (overlaps_ : Z) : Prop :=
  (let '(Counting.Axis n k s d b e o) := axis in
  (let g := Z.gcd s d in
  1 <= g /\ (let '(inputs_apart, taps_apart) := (d / g, s / g) in
  (let lcm := s * inputs_apart in
  (let '(n, k) := (Z.max (n - inputs_apart) 0, Z.max (k - taps_apart) 0) in
  kept_runs n k s d (b - lcm) (e - o - lcm)))))).

Definition extent (axis : Counting.axis) :=
  let pairs := overlaps axis in
  (size axis, pairs, covered axis pairs).
Definition extent_runs (axis : Counting.axis) : Prop :=
  overlaps_runs axis /\ (let pairs := overlaps axis in
  covered_runs axis pairs).

Definition inputs_reached (axis : Counting.axis) (overlaps_ : Z) :=
  let '(Counting.Axis n k s d b e o) := axis in
  overlaps_ - positive (size axis - d) * kept n (k - 1) s d b (e - o).
Definition inputs_reached_runs (axis : Counting.axis) (overlaps_ : Z) : Prop :=
  (let '(Counting.Axis n k s d b e o) := axis in
  kept_runs n (k - 1) s d b (e - o)).

Definition taps_reached (axis : Counting.axis) (overlaps_ : Z) :=
  let '(Counting.Axis n k s d b e o) := axis in
  overlaps_ - positive (size axis - s) * kept (n - 1) k s d b (e - o).
Definition taps_reached_runs (axis : Counting.axis) (overlaps_ : Z) : Prop :=
  (let '(Counting.Axis n k s d b e o) := axis in
  kept_runs (n - 1) k s d b (e - o)).

(** analytic/affine.py *)

Definition ceil_div (a b : Z) :=
  - (- a / b).
Definition ceil_div_runs (a b : Z) : Prop :=
  1 <= b.

Definition least_input_size (axis : Counting.axis) :=
  let '(Counting.Axis _ k s d b e o) := axis in
  1 + Z.max 0 (ceil_div (b + e - o - (k - 1) * d) s).
Definition least_input_size_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis _ k s d b e o) := axis in
  ceil_div_runs (b + e - o - (k - 1) * d) s).

Definition affine_from (axis : Counting.axis) :=
  let '(Counting.Axis _ k s d b e o) := axis in
  let g := Z.gcd s d in
  let meet := positive (k - s / g) in
  let cut := ceil_div (Z.max b (e - o)) s in
  Z.max (Z.max (least_input_size axis) cut) (meet * (d / g)).
Definition affine_from_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis _ k s d b e o) := axis in
  (let g := Z.gcd s d in
  1 <= g /\ (let meet := positive (k - s / g) in
  ceil_div_runs (Z.max b (e - o)) s /\ (let cut := ceil_div (Z.max b (e - o)) s in
  least_input_size_runs axis /\ 1 <= g)))).

Definition inputs_stepping_over (axis : Counting.axis) :=
  let '(Counting.Axis n k s d b _ _) := axis in
  let left := F n (k - 1) s d b - F n (k - 1) s d (b + size axis - d) in
  Z.max left 0.
Definition inputs_stepping_over_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis n k s d b _ _) := axis in
  F_runs n (k - 1) s d b /\ F_runs n (k - 1) s d (b + size axis - d)).

Definition taps_stepping_over (axis : Counting.axis) :=
  let '(Counting.Axis n k s d b e o) := axis in
  inputs_stepping_over (Counting.Axis k n d s b e o).
Definition taps_stepping_over_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis n k s d b e o) := axis in
  inputs_stepping_over_runs (Counting.Axis k n d s b e o)).

Definition alive_from (axis : Counting.axis) :=
  let '(Counting.Axis _ _ s _ b e o) := axis in
  let n := Z.max (least_input_size axis) (1 + ceil_div (Z.max b (e - o)) s) in
  n + positive (taps_stepping_over (Counting.Axis n (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (Counting.output_padding axis))).
Definition alive_from_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis _ _ s _ b e o) := axis in
  least_input_size_runs axis /\ ceil_div_runs (Z.max b (e - o)) s /\ (let n := Z.max (least_input_size axis) (1 + ceil_div (Z.max b (e - o)) s) in
  taps_stepping_over_runs (Counting.Axis n (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (Counting.output_padding axis)))).

Definition reached_affine_from (axis : Counting.axis) :=
  let '(Counting.Axis _ k _ _ _ _ o) := axis in
  let long := least_input_size (Counting.Axis (Counting.inputs axis) (k - 1) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (o + 1)) in
  let before := positive (inputs_stepping_over (Counting.Axis (long - 1) (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (Counting.output_padding axis))) in
  let even := positive (k - 1) * (long - 1 + before) in
  Z.max (Z.max (affine_from axis) (alive_from axis)) even.
Definition reached_affine_from_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis _ k _ _ _ _ o) := axis in
  least_input_size_runs (Counting.Axis (Counting.inputs axis) (k - 1) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (o + 1)) /\ (let long := least_input_size (Counting.Axis (Counting.inputs axis) (k - 1) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (o + 1)) in
  inputs_stepping_over_runs (Counting.Axis (long - 1) (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (Counting.output_padding axis)) /\ (let before := positive (inputs_stepping_over (Counting.Axis (long - 1) (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) (Counting.output_padding axis))) in
  (let even := positive (k - 1) * (long - 1 + before) in
  affine_from_runs axis /\ alive_from_runs axis)))).

Definition ordinary_from (axis : Counting.axis) (least : Counting.axis -> Z) :=
  let axes := map (fun o : Z => Counting.Axis (Counting.inputs axis) (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) o) (Counting.range (Counting.stride axis)) in
  1 + fold_right Z.max 0 (map (fun row : Counting.axis => size (Counting.Axis (least row - 1) (Counting.taps row) (Counting.stride row) (Counting.dilation row) (Counting.begin_crop row) (Counting.end_crop row) (Counting.output_padding row))) axes).
Definition ordinary_from_runs (axis : Counting.axis) (least : Counting.axis -> Z) : Prop :=
  (let axes := map (fun o : Z => Counting.Axis (Counting.inputs axis) (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) (Counting.begin_crop axis) (Counting.end_crop axis) o) (Counting.range (Counting.stride axis)) in
  (map (fun row : Counting.axis => size (Counting.Axis (least row - 1) (Counting.taps row) (Counting.stride row) (Counting.dilation row) (Counting.begin_crop row) (Counting.end_crop row) (Counting.output_padding row))) axes) <> []).

Definition slopes (axis : Counting.axis) :=
  let '(Counting.Axis _ k s d _ _ _) := axis in
  (s, k, Z.min k (s / Z.gcd s d)).
Definition slopes_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis _ k s d _ _ _) := axis in
  1 <= Z.gcd s d).

Definition padding_bound (axis : Counting.axis) :=
  let '(Counting.Axis _ k s d _ _ o) := axis in
  Z.max s ((k - 1) * d + o + 1).

Definition reduced (axis : Counting.axis) :=
  let '(Counting.Axis n k s d p _ o) := axis in
  let steps := Z.max 0 ((p - padding_bound axis) / s + 1) in
  Counting.Axis (n - 2 * steps) k s d (p - steps * s) (p - steps * s) o.
Definition reduced_runs (axis : Counting.axis) : Prop :=
  (let '(Counting.Axis n k s d p _ o) := axis in
  1 <= s).

(** analytic/maps.py *)

Definition reach (axis : Counting.axis) (y : Z) :=
  let '(Counting.Axis n k s d b _ _) := axis in
  let value := y + b in
  (Z.max 0 (- (((n - 1) * s - value) / d)), k - 1 - Z.max (k - 1 - value / d) 0).
Definition reach_runs (axis : Counting.axis) (y : Z) : Prop :=
  (let '(Counting.Axis n k s d b _ _) := axis in
  (let value := y + b in
  1 <= d)).

Definition met (axis : Counting.axis) (y tap : Z) :=
  let rest := y + Counting.begin_crop axis - tap * Counting.dilation axis in
  (rest / Counting.stride axis, rest mod Counting.stride axis).
Definition met_runs (axis : Counting.axis) (y tap : Z) : Prop :=
  (let rest := y + Counting.begin_crop axis - tap * Counting.dilation axis in
  1 <= Counting.stride axis).

Definition at_ (axis : Counting.axis) (y : Z) :=
  let '(value, s, d) := (y + Counting.begin_crop axis, Counting.stride axis, Counting.dilation axis) in
  let g := Z.gcd s d in
  if (negb (value mod g =? 0)) then 0
  else let step := s / g in
  let residue := value / g * inverse (d / g) step mod step in
  let '(first, last) := reach axis y in
  Z.max 0 ((last - residue) / step - (first - 1 - residue) / step).
Definition at__runs (axis : Counting.axis) (y : Z) : Prop :=
  (let '(value, s, d) := (y + Counting.begin_crop axis, Counting.stride axis, Counting.dilation axis) in
  (let g := Z.gcd s d in
  1 <= g /\ (if (negb (value mod g =? 0)) then True
  else 1 <= g /\ (let step := s / g in
  1 <= g /\ inverse_runs (d / g) step /\ 1 <= step /\ (let residue := value / g * inverse (d / g) step mod step in
  reach_runs axis y /\ (let '(first, last) := reach axis y in
  1 <= step)))))).

Definition taps_read (axis : Counting.axis) (output : Z) :=
  let '(k, d) := (Counting.taps axis, Counting.dilation axis) in
  let below := Counting.begin_crop axis - output * Counting.stride axis in
  let until := below + size axis in
  let first := Z.max (- (- below / d)) 0 in
  let behind := Z.max (k - - (- until / d)) 0 in
  Z.max (k - behind - first) 0.
Definition taps_read_runs (axis : Counting.axis) (output : Z) : Prop :=
  (let '(k, d) := (Counting.taps axis, Counting.dilation axis) in
  (let below := Counting.begin_crop axis - output * Counting.stride axis in
  (let until := below + size axis in
  1 <= d /\ (let first := Z.max (- (- below / d)) 0 in
  1 <= d)))).

Definition along (axis : Counting.axis) (transposed : bool) :=
  if transposed then map (fun y : Z => at_ axis y) (Counting.range (size axis))
  else map (fun output : Z => taps_read axis output) (Counting.range (Counting.inputs axis)).
Definition along_runs (axis : Counting.axis) (transposed : bool) : Prop :=
  (if transposed then Forall (fun y : Z => at__runs axis y) (Counting.range (size axis))
  else Forall (fun output : Z => taps_read_runs axis output) (Counting.range (Counting.inputs axis))).

(** analytic/phases.py *)

Definition landing (axis : Counting.axis) (y : Z) :=
  let '(Counting.Axis n k s d b _ _) := axis in
  F n k s d (y + b + 1) - F n k s d (y + b).
Definition landing_runs (axis : Counting.axis) (y : Z) : Prop :=
  (let '(Counting.Axis n k s d b _ _) := axis in
  F_runs n k s d (y + b + 1) /\ F_runs n k s d (y + b)).

Definition shares (axis : Counting.axis) :=
  let met_ := Counting.stride axis / Z.gcd (Counting.stride axis) (Counting.dilation axis) in
  let least := Counting.taps axis / met_ in
  let more := Counting.taps axis - least * met_ in
  ((0, Counting.stride axis - met_), (least, met_ - more), (least + 1, more)).
Definition shares_runs (axis : Counting.axis) : Prop :=
  1 <= Z.gcd (Counting.stride axis) (Counting.dilation axis) /\ (let met_ := Counting.stride axis / Z.gcd (Counting.stride axis) (Counting.dilation axis) in
  1 <= met_).

Definition edges (axis : Counting.axis) :=
  let reach_ := (Counting.taps axis - 1) * Counting.dilation axis - Counting.stride axis + 1 in
  let begin := Z.max (reach_ - Counting.begin_crop axis) 0 in
  let end_ := Z.max (reach_ - (Counting.end_crop axis - Counting.output_padding axis)) 0 in
  (Z.min begin (size axis), Z.min end_ (size axis)).

Definition interior_size (axis : Counting.axis) :=
  let '(begin, end_) := edges axis in
  Z.max (size axis - begin - end_) 0.

Definition missing (axis : Counting.axis) :=
  Z.max (Counting.stride axis - interior_size axis) 0.

Definition has_interior (axis : Counting.axis) :=
  (negb (negb (missing axis =? 0))).

Definition interior (axis : Counting.axis) (phase : Z) :=
  let last := (Counting.taps axis - 1) * Counting.dilation axis in
  let value := last + (phase + Counting.begin_crop axis - last) mod Counting.stride axis in
  at_ (Counting.Axis (value / Counting.stride axis + 1) (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) 0 0 0) value.
Definition interior_runs (axis : Counting.axis) (phase : Z) : Prop :=
  (let last := (Counting.taps axis - 1) * Counting.dilation axis in
  1 <= Counting.stride axis /\ (let value := last + (phase + Counting.begin_crop axis - last) mod Counting.stride axis in
  1 <= Counting.stride axis /\ at__runs (Counting.Axis (value / Counting.stride axis + 1) (Counting.taps axis) (Counting.stride axis) (Counting.dilation axis) 0 0 0) value)).

Definition levels (axis : Counting.axis) :=
  let '((_, holes), (least, _), (_, more)) := shares axis in
  (least * (1 - positive holes), least, least + positive more).
Definition levels_runs (axis : Counting.axis) : Prop :=
  shares_runs axis.

Definition largest (axis : Counting.axis) :=
  let '(_, _, most) := levels axis in
  Z.min (Counting.inputs axis) most.
Definition largest_runs (axis : Counting.axis) : Prop :=
  levels_runs axis.

Definition common_factor (axis : Counting.axis) :=
  Z.gcd (Counting.stride axis) (Counting.dilation axis).

(** analytic/taps.py *)

Definition dead_on (axis : Counting.axis) :=
  Counting.taps axis - taps_reached axis (overlaps axis).
Definition dead_on_runs (axis : Counting.axis) : Prop :=
  overlaps_runs axis /\ taps_reached_runs axis (overlaps axis).

(** analytic/protocols.py *)

Record LayerLike := {
  LayerLike_in_channels : Z;
  LayerLike_out_channels : Z;
  LayerLike_groups : Z;
  LayerLike_bias : Z;
  LayerLike_batch_size : Z
}.

(** analytic/totals.py *)

Record Products := {
  Products_inputs : Z;
  Products_taps : Z;
  Products_positions : Z;
  Products_overlaps : Z;
  Products_covered : Z
}.

Record Reached := {
  Reached_products : Products;
  Reached_inputs : Z;
  Reached_taps : Z
}.

Record Convention := {
  Convention_multiplications : Products -> Z;
  Convention_additions : Products -> Z;
  Convention_aggregated : Products -> Z
}.

Definition CONVENTIONS (word : string) : Convention :=
  if (word =? "nonzero"%string)%string then (Build_Convention (fun (layer : Products) => Products_positions layer * Products_taps layer) (fun (layer : Products) => Products_overlaps layer - Products_covered layer) (fun (layer : Products) => Products_positions layer))
  else if (word =? "documented"%string)%string then (Build_Convention (fun (layer : Products) => Products_positions layer * Products_taps layer) (fun (layer : Products) => Products_overlaps layer - Products_positions layer) (fun (layer : Products) => Products_positions layer))
  else (Build_Convention (fun (layer : Products) => Products_overlaps layer) (fun (layer : Products) => Products_overlaps layer - Products_covered layer) (fun (layer : Products) => Products_covered layer)).
Definition CONVENTIONS_words := ["nonzero"%string; "documented"%string; "exact"%string].

Definition ORDINARY_CONVENTIONS (word : string) : Convention :=
  if (word =? "documented"%string)%string then (Build_Convention (Convention_multiplications (CONVENTIONS "documented"%string)) (fun (layer : Products) => Products_positions layer * Products_taps layer - Products_positions layer) (Convention_aggregated (CONVENTIONS "documented"%string)))
  else CONVENTIONS word.
Definition ORDINARY_CONVENTIONS_words := ["nonzero"%string; "documented"%string; "exact"%string].

Definition RULES (word : string) : Products -> Z :=
  if (word =? "exact"%string)%string then (fun (layer : Products) => Products_overlaps layer)
  else if (word =? "input"%string)%string then (fun (layer : Products) => Products_inputs layer * Products_taps layer)
  else (fun (layer : Products) => Products_positions layer * Products_taps layer).
Definition RULES_words := ["exact"%string; "input"%string; "output"%string].

Record Pass := {
  Pass_macs : Z;
  Pass_additions : Z;
  Pass_operations : Z;
  Pass_elements : Z;
  Pass_reached : Z
}.

Record Passes := {
  Passes_forward : Pass;
  Passes_grad_input : Pass;
  Passes_grad_weight : Pass;
  Passes_grad_bias : Pass
}.

Record Count := {
  Count_output_size : list Z;
  Count_positions : Z;
  Count_overlaps : Z;
  Count_covered : Z;
  Count_filters : Z;
  Count_multiplications_per_filter : Z;
  Count_additions_per_filter : Z;
  Count_operations_per_filter : Z;
  Count_filter_aggregation : Z;
  Count_total : Z;
  Count_macs : Z;
  Count_convention : string;
  Count_rule : string
}.

Record Result := {
  Result_blocks : LayerLike -> Z -> Z;
  Result_elements : Reached -> Z;
  Result_reached : Reached -> Z;
  Result_batched : bool
}.

Definition PASSES (word : string) : Result :=
  if (word =? "forward"%string)%string then (Build_Result (fun (layer : LayerLike) (_ : Z) => LayerLike_batch_size layer * LayerLike_out_channels layer) (fun (axes : Reached) => Products_positions (Reached_products axes)) (fun (axes : Reached) => Products_covered (Reached_products axes)) true)
  else if (word =? "grad_input"%string)%string then (Build_Result (fun (layer : LayerLike) (_ : Z) => LayerLike_batch_size layer * LayerLike_in_channels layer) (fun (axes : Reached) => Products_inputs (Reached_products axes)) (fun (axes : Reached) => Reached_inputs axes) true)
  else (Build_Result (fun (_ : LayerLike) (filters : Z) => filters) (fun (axes : Reached) => Products_taps (Reached_products axes)) (fun (axes : Reached) => Reached_taps axes) false).
Definition PASSES_words := ["forward"%string; "grad_input"%string; "grad_weight"%string].

Definition products_round (transposed : bool) '((sizes, inputs, taps, positions, overlaps_, covered_) : list Z * Z * Z * Z * Z * Z) (axis : Counting.axis) :=
  let '(n, size_, pairs, landed) := if transposed then let n := Counting.inputs axis in
  let '(size_, pairs, landed) := extent axis in
  (n, size_, pairs, landed)
  else let '(n, size_, pairs) := (size axis, Counting.inputs axis, overlaps axis) in
  let landed := inputs_reached axis pairs in
  (n, size_, pairs, landed) in
  let sizes := sizes ++ [size_] in
  let inputs := inputs * n in
  let taps := taps * Counting.taps axis in
  let positions := positions * size_ in
  let overlaps_ := overlaps_ * pairs in
  let covered_ := covered_ * landed in
  (sizes, inputs, taps, positions, overlaps_, covered_).
Definition products_round_runs (transposed : bool) '((sizes, inputs, taps, positions, overlaps_, covered_) : list Z * Z * Z * Z * Z * Z) (axis : Counting.axis) : Prop :=
  (if transposed then (let n := Counting.inputs axis in
  extent_runs axis)
  else overlaps_runs axis /\ (let '(n, size_, pairs) := (size axis, Counting.inputs axis, overlaps axis) in
  inputs_reached_runs axis pairs)).
Definition products (axes : list Counting.axis) (transposed : bool) :=
  let sizes := [] in
  let inputs := 1 in
  let taps := 1 in
  let positions := 1 in
  let overlaps_ := 1 in
  let covered_ := 1 in
  let '(sizes, inputs, taps, positions, overlaps_, covered_) := fold_left (products_round transposed) axes (sizes, inputs, taps, positions, overlaps_, covered_) in
  (sizes, Build_Products inputs taps positions overlaps_ covered_).
Definition products_runs (axes : list Counting.axis) (transposed : bool) : Prop :=
  (let sizes := [] in
  (let inputs := 1 in
  (let taps := 1 in
  (let positions := 1 in
  (let overlaps_ := 1 in
  (let covered_ := 1 in
  each_runs (products_round transposed) (products_round_runs transposed) axes (sizes, inputs, taps, positions, overlaps_, covered_))))))).

Definition reached_round (transposed : bool) '((inputs, taps) : Z * Z) (axis : Counting.axis) :=
  let pairs := overlaps axis in
  let from_inputs := if transposed then inputs_reached axis pairs
  else covered axis pairs in
  let from_taps := taps_reached axis pairs in
  let inputs := inputs * from_inputs in
  let taps := taps * from_taps in
  (inputs, taps).
Definition reached_round_runs (transposed : bool) '((inputs, taps) : Z * Z) (axis : Counting.axis) : Prop :=
  overlaps_runs axis /\ (let pairs := overlaps axis in
  (if transposed then inputs_reached_runs axis pairs
  else covered_runs axis pairs) /\ (let from_inputs := if transposed then inputs_reached axis pairs
  else covered axis pairs in
  taps_reached_runs axis pairs)).
Definition reached (axes : list Counting.axis) (transposed : bool) :=
  let inputs := 1 in
  let taps := 1 in
  let '(inputs, taps) := fold_left (reached_round transposed) axes (inputs, taps) in
  let '(_, known) := products axes transposed in
  Build_Reached known inputs taps.
Definition reached_runs (axes : list Counting.axis) (transposed : bool) : Prop :=
  (let inputs := 1 in
  (let taps := 1 in
  each_runs (reached_round transposed) (reached_round_runs transposed) axes (inputs, taps) /\ (let '(inputs, taps) := fold_left (reached_round transposed) axes (inputs, taps) in
  products_runs axes transposed))).

Definition convention_named (name : string) (transposed : bool) :=
  if transposed then CONVENTIONS name
  else ORDINARY_CONVENTIONS name.
Definition convention_named_runs (name : string) (transposed : bool) : Prop :=
  (if transposed then In name CONVENTIONS_words
  else In name ORDINARY_CONVENTIONS_words).

Definition additions_per_filter (layer : Products) (convention : string) (transposed : bool) :=
  (Convention_additions (convention_named convention transposed)) layer.
Definition additions_per_filter_runs (layer : Products) (convention : string) (transposed : bool) : Prop :=
  convention_named_runs convention transposed.

Definition filters (layer : LayerLike) :=
  LayerLike_in_channels layer / LayerLike_groups layer * LayerLike_out_channels layer.
Definition filters_runs (layer : LayerLike) : Prop :=
  1 <= LayerLike_groups layer.

Definition macs (layer : LayerLike) (axes : Products) (rule : string) :=
  LayerLike_batch_size layer * filters layer * (RULES rule) axes.
Definition macs_runs (layer : LayerLike) (axes : Products) (rule : string) : Prop :=
  filters_runs layer /\ In rule RULES_words.

Definition count (layer : LayerLike) (sizes : list Z) (axes : Products) (convention rule : string) (transposed : bool) :=
  let chosen := convention_named convention transposed in
  let kernels := filters layer in
  let multiplications := (Convention_multiplications chosen) axes in
  let additions := (Convention_additions chosen) axes in
  let operations := multiplications + additions in
  let meetings := LayerLike_in_channels layer / LayerLike_groups layer - 1 + LayerLike_bias layer in
  let aggregation := LayerLike_out_channels layer * (Convention_aggregated chosen) axes * meetings in
  Build_Count sizes (Products_positions axes) (Products_overlaps axes) (Products_covered axes) kernels multiplications additions operations aggregation (LayerLike_batch_size layer * (kernels * operations + aggregation)) (macs layer axes rule) convention rule.
Definition count_runs (layer : LayerLike) (sizes : list Z) (axes : Products) (convention rule : string) (transposed : bool) : Prop :=
  convention_named_runs convention transposed /\ (let chosen := convention_named convention transposed in
  filters_runs layer /\ (let kernels := filters layer in
  (let multiplications := (Convention_multiplications chosen) axes in
  (let additions := (Convention_additions chosen) axes in
  (let operations := multiplications + additions in
  1 <= LayerLike_groups layer /\ (let meetings := LayerLike_in_channels layer / LayerLike_groups layer - 1 + LayerLike_bias layer in
  (let aggregation := LayerLike_out_channels layer * (Convention_aggregated chosen) axes * meetings in
  macs_runs layer axes rule))))))).

Definition cost (layer : LayerLike) (axes : Reached) (name : string) (landed charged : Z) :=
  let result := PASSES name in
  let blocks := (Result_blocks result) layer (filters layer) in
  let samples := if Result_batched result then 1
  else positive (LayerLike_batch_size layer) in
  let reached_ := blocks * (Result_reached result) axes * samples in
  let biases := if (name =? "forward"%string)%string then LayerLike_bias layer * reached_
  else 0 in
  let additions := landed - reached_ + biases in
  Build_Pass charged additions (landed + additions) (blocks * (Result_elements result) axes) reached_.
Definition cost_runs (layer : LayerLike) (axes : Reached) (name : string) (landed charged : Z) : Prop :=
  In name PASSES_words /\ (let result := PASSES name in
  filters_runs layer).

Definition passes (layer : LayerLike) (axes : Reached) (rule : string) :=
  let landed := macs layer (Reached_products axes) "exact"%string in
  let charged := macs layer (Reached_products axes) rule in
  let sample := positive (LayerLike_batch_size layer) in
  let biases := LayerLike_out_channels layer * LayerLike_bias layer in
  let sums := biases * (LayerLike_batch_size layer * Products_positions (Reached_products axes) - sample) in
  Build_Passes (cost layer axes "forward"%string landed charged) (cost layer axes "grad_input"%string landed charged) (cost layer axes "grad_weight"%string landed charged) (Build_Pass 0 sums sums biases (biases * sample)).
Definition passes_runs (layer : LayerLike) (axes : Reached) (rule : string) : Prop :=
  macs_runs layer (Reached_products axes) "exact"%string /\ (let landed := macs layer (Reached_products axes) "exact"%string in
  macs_runs layer (Reached_products axes) rule /\ (let charged := macs layer (Reached_products axes) rule in
  (let sample := positive (LayerLike_batch_size layer) in
  (let biases := LayerLike_out_channels layer * LayerLike_bias layer in
  (let sums := biases * (LayerLike_batch_size layer * Products_positions (Reached_products axes) - sample) in
  cost_runs layer axes "forward"%string landed charged /\ cost_runs layer axes "grad_input"%string landed charged /\ cost_runs layer axes "grad_weight"%string landed charged))))).

Definition together (first second : Pass) :=
  Build_Pass (Pass_macs first + Pass_macs second) (Pass_additions first + Pass_additions second) (Pass_operations first + Pass_operations second) (Pass_elements first + Pass_elements second) (Pass_reached first + Pass_reached second).

Definition training_step (self : Passes) (grad_input : bool) :=
  let step := if grad_input then together (Passes_forward self) (Passes_grad_input self)
  else Passes_forward self in
  together (together step (Passes_grad_weight self)) (Passes_grad_bias self).
