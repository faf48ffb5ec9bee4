(** Symmetry (corollary 7), and the two other shadows of the kept pairs: inputs and taps. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Overlaps Covered.
Import ListNotations.
Open Scope Z_scope.

(** ** Symmetry *)

(** (n, s) and (k, d) exchanged. *)
Definition exchanged (a : axis) : axis :=
  Axis (taps a) (inputs a) (dilation a) (stride a) (begin_crop a) (end_crop a) (output_padding a).

Lemma exchanged_twice a : exchanged (exchanged a) = a.
Proof. now destruct a. Qed.

Lemma size_exchanged a : size (exchanged a) = size a.
Proof. unfold size; simpl. lia. Qed.

Lemma output_exchanged a i t : output (exchanged a) (t, i) = output a (i, t).
Proof. unfold output, value; simpl. lia. Qed.

Lemma kept_exchanged a i t : In (t, i) (kept_pairs (exchanged a)) <-> In (i, t) (kept_pairs a).
Proof.
  unfold kept_pairs. rewrite !filter_In, !in_box. unfold is_kept.
  rewrite output_exchanged, size_exchanged. simpl. tauto.
Qed.

Lemma overlaps_exchanged a : overlaps (exchanged a) = overlaps a.
Proof.
  rewrite !overlaps_counted. simpl. rewrite count_swap. apply count_ext. intros [i t] _. simpl.
  unfold is_kept. now rewrite output_exchanged, size_exchanged.
Qed.

Lemma coverage_exchanged a y : coverage (exchanged a) y = coverage a y.
Proof.
  unfold coverage, kept_pairs. rewrite !count_filter. simpl. rewrite count_swap.
  apply count_ext. intros [i t] _. simpl.
  unfold is_kept. now rewrite output_exchanged, size_exchanged.
Qed.

Lemma covered_exchanged a : covered (exchanged a) = covered a.
Proof.
  apply distinct_same. intros y. rewrite !in_map_iff. split.
  - intros ([t i] & <- & H). exists (i, t). rewrite <- kept_exchanged, output_exchanged. auto.
  - intros ([i t] & <- & H). exists (t, i). rewrite kept_exchanged, output_exchanged. auto.
Qed.

Lemma inputs_reached_exchanged a : inputs_reached (exchanged a) = taps_reached a.
Proof.
  apply distinct_same. intros y. rewrite !in_map_iff. split.
  - intros ([t i] & <- & H). exists (i, t). rewrite <- kept_exchanged. auto.
  - intros ([i t] & <- & H). exists (t, i). rewrite kept_exchanged. auto.
Qed.

Theorem corollary_7_symmetry a :
  size (exchanged a) = size a /\ overlaps (exchanged a) = overlaps a
  /\ covered (exchanged a) = covered a /\ (forall y, coverage (exchanged a) y = coverage a y)
  /\ inputs_reached (exchanged a) = taps_reached a /\ taps_reached (exchanged a) = inputs_reached a.
Proof.
  repeat split; intros.
  - apply size_exchanged.
  - apply overlaps_exchanged.
  - apply covered_exchanged.
  - apply coverage_exchanged.
  - apply inputs_reached_exchanged.
  - now rewrite <- inputs_reached_exchanged, exchanged_twice.
Qed.

(** ** Taps reached *)

(** The kept inputs of a tap are consecutive: a chain with step (1, 0). *)
Definition next_is_kept (a : axis) (pair : Z * Z) : bool :=
  (fst pair + 1 <? inputs a) && is_kept a (fst pair + 1, snd pair).

Lemma taps_by_successors a : 0 <= stride a ->
  taps_reached a = overlaps a - count (next_is_kept a) (kept_pairs a).
Proof.
  intros Hs. unfold taps_reached, overlaps. apply chains.
  - apply NoDup_filter, NoDup_box.
  - intros [i t] H. remember (Z.to_nat (inputs a - i)) as fuel eqn:E. revert i H E.
    induction fuel as [fuel IH] using lt_wf_ind. intros i H ->.
    destruct (next_is_kept a (i, t)) eqn:more; [|eauto].
    unfold next_is_kept in more. apply andb_true_iff in more as [inside kept]. simpl in *.
    apply filter_In in H as [H _]. apply in_box in H. simpl in H.
    apply (IH (Z.to_nat (inputs a - (i + 1)))) with (i := i + 1); [lia | | reflexivity].
    apply filter_In. rewrite in_box. simpl. split; [lia|assumption].
  - intros [i t] [i' t'] H H' last last' E. simpl in E. subst t'.
    apply filter_In in H as [inside kept]. apply filter_In in H' as [inside' kept'].
    apply in_box in inside, inside'. unfold next_is_kept, is_kept, output, value in *; simpl in *.
    f_equal. destruct (Z.lt_trichotomy i i') as [lt|[eq|lt]]; [exfalso|assumption|exfalso].
    + assert (i * stride a <= (i + 1) * stride a <= i' * stride a) by nia. lia.
    + assert (i' * stride a <= (i' + 1) * stride a <= i * stride a) by nia. lia.
Qed.

(** An axis with one input fewer, all else equal. *)
Definition one_input_fewer (a : axis) : axis :=
  Axis (inputs a - 1) (taps a) (stride a) (dilation a) (begin_crop a) (end_crop a) (output_padding a).
Definition one_tap_fewer (a : axis) : axis :=
  Axis (inputs a) (taps a - 1) (stride a) (dilation a) (begin_crop a) (end_crop a) (output_padding a).

(** The pairs with a successor are the kept pairs of the axis with one input fewer: its size is L - s. *)
Theorem taps_by_one_input_fewer a : 0 <= stride a ->
  taps_reached a = overlaps a - overlaps (one_input_fewer a).
Proof.
  intros Hs. rewrite taps_by_successors by assumption. f_equal.
  unfold kept_pairs. rewrite count_filter. rewrite overlaps_counted.
  apply (count_bijection (fun p => p) (fun p => p)); try apply NoDup_box;
    intros [i t] H P; rewrite in_box in *;
    unfold next_is_kept, is_kept, output, size, value in *; simpl in *; repeat split; nia.
Qed.

Theorem inputs_by_one_tap_fewer a : 0 <= dilation a ->
  inputs_reached a = overlaps a - overlaps (one_tap_fewer a).
Proof.
  intros Hd. pose proof (taps_by_one_input_fewer (exchanged a) Hd) as H.
  rewrite <- inputs_reached_exchanged, exchanged_twice, overlaps_exchanged in H. rewrite H.
  f_equal. exact (overlaps_exchanged (one_tap_fewer a)).
Qed.

(** In numbers, as the code has them. *)
Theorem theorem_11_taps_reached n k s d b e o :
  let a := Axis n k s d b e o in
  legal a ->
  taps_reached a = overlaps a -
    (if s <? size a then (n - 1) * k - F (n - 1) k s d b - F (n - 1) k s d (e - o) else 0).
Proof.
  intros a ((? & ? & ? & ?) & HL). simpl in *. rewrite taps_by_one_input_fewer by (simpl; lia).
  f_equal. unfold one_input_fewer; simpl. destruct (Z.ltb_spec s (size a)).
  - apply overlaps_formula; unfold size in *; simpl in *; lia.
  - rewrite overlaps_counted. apply count_none. intros pair _. unfold is_kept, size in *; simpl in *. lia.
Qed.

Theorem theorem_11_inputs_reached n k s d b e o :
  let a := Axis n k s d b e o in
  legal a ->
  inputs_reached a = overlaps a -
    (if d <? size a then n * (k - 1) - F n (k - 1) s d b - F n (k - 1) s d (e - o) else 0).
Proof.
  intros a ((? & ? & ? & ?) & HL). simpl in *. rewrite inputs_by_one_tap_fewer by (simpl; lia).
  f_equal. unfold one_tap_fewer; simpl. destruct (Z.ltb_spec d (size a)).
  - apply overlaps_formula; unfold size in *; simpl in *; lia.
  - rewrite overlaps_counted. apply count_none. intros pair _. unfold is_kept, size in *; simpl in *. lia.
Qed.
