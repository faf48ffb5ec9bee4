(** The code of axis.py counts what the notes say. *)

From Coq Require Import ZArith List Bool Lia ZifyBool Znumtheory.
From Proof Require Import Counting Lists Overlaps Covered Shadows CodeFloorSum.
From Proof Require Code.
Open Scope Z_scope.

(** ** The parts *)

Lemma gcd_positive s d : 1 <= s -> 1 <= Z.gcd s d.
Proof.
  intros. pose proof (Z.gcd_nonneg s d).
  enough (Z.gcd s d <> 0) by lia. intros zero. apply Z.gcd_eq_0_l in zero. lia.
Qed.

Theorem size_counts a : Code.size a = size a.
Proof. destruct a. reflexivity. Qed.

Theorem positive_counts x : Code.positive x = if 0 <? x then 1 else 0.
Proof. unfold Code.positive. destruct (0 <? x) eqn:E; lia. Qed.

Lemma kept_counts n k s d left right : 0 <= k -> 1 <= s -> 1 <= d ->
  Code.kept n k s d left right = n * k - F n k s d left - F n k s d right.
Proof. intros. unfold Code.kept. now rewrite !F_counts. Qed.

Lemma kept_runs n k s d left right : 1 <= s -> 1 <= d -> Code.kept_runs n k s d left right.
Proof. intros. split; now apply F_runs. Qed.

(** ** The axis theorem and its shadows *)

Theorem overlaps_counts a : legal a -> Code.overlaps a = overlaps a.
Proof.
  intros [proper_a HL]. destruct a as [n k s d b e o].
  rewrite theorem_1_overlaps by (assumption || lia).
  destruct proper_a as (? & ? & ? & ?). fields. unfold Code.overlaps. apply kept_counts; lia.
Qed.

Theorem covered_counts a : legal a -> Code.covered a (overlaps a) = covered a.
Proof.
  intros [proper_a HL]. destruct a as [n k s d b e o].
  rewrite theorem_2_covered by (assumption || lia).
  destruct proper_a as (? & ? & ? & ?). fields. unfold Code.covered. cbv zeta beta iota.
  pose proof (gcd_positive s d). rewrite kept_counts by lia.
  replace (s * (d / Z.gcd s d)) with (Z.lcm s d); [reflexivity|].
  unfold Z.lcm. rewrite Z.abs_eq; [reflexivity|]. apply Z.mul_nonneg_nonneg; [lia|].
  apply Z.div_pos; lia.
Qed.

Theorem extent_counts a : legal a -> Code.extent a = (size a, overlaps a, covered a).
Proof.
  intros. unfold Code.extent. cbv zeta. rewrite size_counts, overlaps_counts, covered_counts by assumption.
  reflexivity.
Qed.

Theorem inputs_reached_counts a : legal a -> Code.inputs_reached a (overlaps a) = inputs_reached a.
Proof.
  intros legal_a. destruct a as [n k s d b e o]. rewrite theorem_11_inputs_reached by assumption.
  destruct legal_a as [(? & ? & ? & ?) HL]. fields. unfold Code.inputs_reached.
  rewrite positive_counts, size_counts, kept_counts by lia. set (L := size _).
  replace (0 <? L - d) with (d <? L) by lia. destruct (d <? L); lia.
Qed.

Theorem taps_reached_counts a : legal a -> Code.taps_reached a (overlaps a) = taps_reached a.
Proof.
  intros legal_a. destruct a as [n k s d b e o]. rewrite theorem_11_taps_reached by assumption.
  destruct legal_a as [(? & ? & ? & ?) HL]. fields. unfold Code.taps_reached.
  rewrite positive_counts, size_counts, kept_counts by lia. set (L := size _).
  replace (0 <? L - s) with (s <? L) by lia. destruct (s <? L); lia.
Qed.

(** ** They run *)

Theorem overlaps_runs a : proper a -> Code.overlaps_runs a.
Proof. destruct a. intros (? & ? & ? & ?). now apply kept_runs. Qed.

Theorem covered_runs a T : proper a -> Code.covered_runs a T.
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & ? & ?). fields.
  pose proof (gcd_positive s d). split; [auto|]. now apply kept_runs.
Qed.

Theorem extent_runs a : proper a -> Code.extent_runs a.
Proof. intros. split; [now apply overlaps_runs | now apply covered_runs]. Qed.

Theorem inputs_reached_runs a T : proper a -> Code.inputs_reached_runs a T.
Proof. destruct a. intros (? & ? & ? & ?). now apply kept_runs. Qed.

Theorem taps_reached_runs a T : proper a -> Code.taps_reached_runs a T.
Proof. destruct a. intros (? & ? & ? & ?). now apply kept_runs. Qed.
