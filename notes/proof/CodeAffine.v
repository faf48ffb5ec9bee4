(** The code of affine.py: from where on the counts are affine, and the crop reduction. *)

From Coq Require Import ZArith List Bool Lia ZifyBool Znumtheory.
From Proof Require Import Counting Lists Overlaps Covered Shadows Coverage Affine Reached Crops.
From Proof Require Import CodeFloorSum CodeAxis.
From Proof Require Code.
Open Scope Z_scope.

Theorem ceil_div_counts x m : Code.ceil_div x m = ceiling x m.
Proof. reflexivity. Qed.

Theorem ceil_div_runs x m : 1 <= m -> Code.ceil_div_runs x m.
Proof. trivial. Qed.

Theorem least_input_size_counts n k s d b e o :
  Code.least_input_size (Axis n k s d b e o) = n_min k s d b e o.
Proof. reflexivity. Qed.

Theorem least_input_size_runs a : 1 <= stride a -> Code.least_input_size_runs a.
Proof. destruct a. trivial. Qed.

Theorem affine_from_counts n k s d b e o : 1 <= k -> 1 <= s -> 1 <= d ->
  Code.affine_from (Axis n k s d b e o) = n_star k s d b e o.
Proof.
  intros Hk Hs Hd. unfold Code.affine_from. cbv zeta.
  rewrite least_input_size_counts, ceil_div_counts, positive_counts.
  destruct (parts s d Hs Hd) as (Hg & Hu & Hw & _). unfold n_star, delta, n_min.
  replace (0 <? k - s / Z.gcd s d) with (s / Z.gcd s d <? k) by lia.
  destruct (s / Z.gcd s d <? k); lia.
Qed.

Theorem affine_from_runs a : 1 <= stride a -> 1 <= dilation a -> Code.affine_from_runs a.
Proof.
  destruct a as [n k s d b e o]. intros Hs Hd. fields.
  pose proof (gcd_positive s d). unfold Code.affine_from_runs. cbv zeta. repeat split; auto.
Qed.

Lemma inputs_stepping_over_counts n k s d b e o : 1 <= k -> 1 <= s -> 1 <= d ->
  Code.inputs_stepping_over (Axis n k s d b e o) = stepping n k s d b e o.
Proof.
  intros. rewrite stepping_formula by assumption. unfold Code.inputs_stepping_over. cbv zeta.
  rewrite !F_counts by lia. rewrite size_counts. lia.
Qed.

Lemma taps_stepping_over_counts a : legal a -> Code.taps_stepping_over a = V a.
Proof.
  destruct a as [n k s d b e o]. intros [(? & ? & ? & ?) HL]. fields.
  unfold Code.taps_stepping_over. rewrite inputs_stepping_over_counts, V_W, W_stepping; try lia.
  pose proof (size_exchanged (Axis n k s d b e o)) as E. unfold exchanged in E; fields. lia.
Qed.

Lemma inputs_stepping_over_runs a : 1 <= stride a -> 1 <= dilation a ->
  Code.inputs_stepping_over_runs a.
Proof. destruct a. split; now apply F_runs. Qed.

Lemma taps_stepping_over_runs a : 1 <= stride a -> 1 <= dilation a ->
  Code.taps_stepping_over_runs a.
Proof. destruct a. intros. now apply inputs_stepping_over_runs. Qed.

Theorem alive_from_counts n k s d b e o : 1 <= k -> 1 <= s -> 1 <= d ->
  Code.alive_from (Axis n k s d b e o) = a_star k s d b e o.
Proof.
  intros Hk Hs Hd. unfold Code.alive_from. cbv zeta.
  rewrite least_input_size_counts, ceil_div_counts, positive_counts. fields. unfold a_star.
  set (N := Z.max _ _). destruct (n_min_size k s d b e o Hs N) as [HN HL]; [lia|].
  rewrite taps_stepping_over_counts by (repeat split; assumption).
  destruct (0 <? V _); reflexivity.
Qed.

Theorem alive_from_runs a : 1 <= stride a -> 1 <= dilation a -> Code.alive_from_runs a.
Proof.
  destruct a as [n k s d b e o]. intros. fields. unfold Code.alive_from_runs. cbv zeta.
  refine (conj _ (conj _ _)); try assumption. now apply taps_stepping_over_runs.
Qed.

Theorem reached_affine_from_counts n k s d b e o : 1 <= k -> 1 <= s -> 1 <= d ->
  Code.reached_affine_from (Axis n k s d b e o) = n_star_star k s d b e o.
Proof.
  intros Hk Hs Hd. unfold Code.reached_affine_from. fields. cbv zeta.
  rewrite least_input_size_counts, affine_from_counts, alive_from_counts, !positive_counts by assumption.
  rewrite inputs_stepping_over_counts by assumption.
  assert (same : n_min (k - 1) s d b e (o + 1) = lambda k s d b e o).
  { unfold n_min, lambda. do 3 f_equal. lia. }
  rewrite same. unfold n_star_star, beta. cbv zeta.
  replace (0 <? k - 1) with (2 <=? k) by lia.
  destruct (2 <=? k), (0 <? stepping _ _ _ _ _ _ _); cbn [Z.b2z]; lia.
Qed.

Theorem reached_affine_from_runs a : 1 <= stride a -> 1 <= dilation a ->
  Code.reached_affine_from_runs a.
Proof.
  destruct a as [n k s d b e o]. intros. fields. unfold Code.reached_affine_from_runs. fields. cbv zeta.
  refine (conj _ (conj _ (conj _ _))); try assumption.
  - now apply inputs_stepping_over_runs.
  - now apply affine_from_runs.
  - now apply alive_from_runs.
Qed.

Theorem slopes_counts n k s d b e o :
  Code.slopes (Axis n k s d b e o) = (s, k, Z.min k (s / Z.gcd s d)).
Proof. reflexivity. Qed.

Theorem slopes_runs a : 1 <= stride a -> Code.slopes_runs a.
Proof. destruct a. apply gcd_positive. Qed.

(** ** Crop reduction *)

Theorem padding_bound_counts n k s d b e o :
  Code.padding_bound (Axis n k s d b e o) = padding_bound k s d o.
Proof. reflexivity. Qed.

Theorem reduced_counts n k s d p o :
  let a := padded n k s d p o in
  let r := reduction k s d p o in
  Code.reduced a = padded (n - 2 * r) k s d (p - r * s) o.
Proof. reflexivity. Qed.

(** It has the same size, coverage, overlaps and shadows. *)
Theorem reduced_right a : begin_crop a = end_crop a -> 0 <= output_padding a -> 0 <= begin_crop a ->
  legal a ->
  let a' := Code.reduced a in
  legal a' /\ 0 <= begin_crop a' < Code.padding_bound a'
  /\ size a' = size a /\ (forall y, coverage a' y = coverage a y)
  /\ overlaps a' = overlaps a /\ covered a' = covered a
  /\ inputs_reached a' = inputs_reached a /\ taps_reached a' = taps_reached a.
Proof.
  destruct a as [n k s d p e o]. fields. intros <- Ho Hp Hl.
  destruct (corollary_8d_reduced n k s d p o Ho Hl Hp) as (legal' & bound & same).
  destruct (corresponding_counts _ _ _ same) as (E & cover & rest).
  cbv zeta. change (Code.reduced _) with (padded (n - 2 * reduction k s d p o) k s d (p - reduction k s d p o * s) o).
  split; [assumption|]. split; [exact bound|]. split; [auto|]. split; [auto|].
  destruct rest as (? & ? & ? & ?). auto.
Qed.

Theorem reduced_runs a : 1 <= stride a -> Code.reduced_runs a.
Proof. destruct a. trivial. Qed.
