(** Theorem 2: the covered positions of an axis. *)

From Coq Require Import ZArith List Bool Lia ZifyBool Znumtheory.
From Proof Require Import Counting Lists Overlaps.
Import ListNotations.
Open Scope Z_scope.

(** ** Stride and dilation without their common part *)

Lemma parts s d : 1 <= s -> 1 <= d ->
  let g := Z.gcd s d in
  1 <= g /\ 1 <= s / g /\ 1 <= d / g /\ s = s / g * g /\ d = d / g * g
  /\ Z.gcd (s / g) (d / g) = 1 /\ Z.lcm s d = d / g * s /\ Z.lcm s d = s / g * d.
Proof.
  intros Hs Hd g.
  assert (Hg : 1 <= g) by (pose proof (Z.gcd_nonneg s d); pose proof (Z.gcd_eq_0 s d); lia).
  assert (Es : s = s / g * g).
  { rewrite Z.mul_comm. apply Z_div_exact_full_2; [lia|]. apply Z.mod_divide; [lia|]. apply Z.gcd_divide_l. }
  assert (Ed : d = d / g * g).
  { rewrite Z.mul_comm. apply Z_div_exact_full_2; [lia|]. apply Z.mod_divide; [lia|]. apply Z.gcd_divide_r. }
  assert (coprime : Z.gcd (s / g) (d / g) = 1) by (apply Z.gcd_div_gcd; unfold g; lia).
  assert (Hu : 1 <= s / g) by nia. assert (Hw : 1 <= d / g) by nia.
  assert (El : Z.lcm s d = s * (d / g)) by (unfold Z.lcm; fold g; rewrite Z.abs_eq; nia).
  repeat split; auto; nia.
Qed.

(** Step 1: points of one value differ by a multiple of (d/g, -s/g). *)
Lemma same_value s d i t i' t' : 1 <= s -> 1 <= d ->
  value s d (i', t') = value s d (i, t) ->
  let g := Z.gcd s d in
  exists q, i' = i + q * (d / g) /\ t' = t - q * (s / g).
Proof.
  intros Hs Hd E g. destruct (parts s d Hs Hd) as (Hg & Hu & Hw & Es & Ed & coprime & _).
  fold g in Hg, Hu, Hw, Es, Ed, coprime. set (u := s / g) in *. set (w := d / g) in *.
  unfold value in E; simpl in E.
  assert (E' : (i' - i) * u = (t - t') * w) by nia.
  assert (D : (w | i' - i)).
  { apply (Z.gauss w u); [|now rewrite Z.gcd_comm]. exists (t - t'). lia. }
  destruct D as [q D]. exists q. split; [lia|]. nia.
Qed.

(** ** Theorem 2 *)

(** A pair has a successor, (i + d/g, t - s/g), in the box. *)
Definition has_successor n s d (pair : Z * Z) : bool :=
  (fst pair + d / Z.gcd s d <? n) && (s / Z.gcd s d <=? snd pair).

(** Steps 2 and 3: as many different outputs as kept pairs without a successor. *)
Lemma covered_by_successors n k s d b e o :
  let a := Axis n k s d b e o in
  1 <= s -> 1 <= d ->
  covered a = overlaps a - count (has_successor n s d) (kept_pairs a).
Proof.
  intros a Hs Hd. destruct (parts s d Hs Hd) as (Hg & Hu & Hw & Es & Ed & _ & _).
  unfold covered, overlaps. apply chains.
  - apply NoDup_filter, NoDup_box.
  - intros [i t] H. remember (Z.to_nat t) as fuel eqn:E. revert i t H E.
    induction fuel as [fuel IH] using lt_wf_ind. intros i t H ->.
    destruct (has_successor n s d (i, t)) eqn:more; [|eauto].
    apply filter_In in H as [inside kept]. apply in_box in inside. simpl in inside.
    unfold has_successor in more; simpl in more.
    assert (same : output a (i + d / Z.gcd s d, t - s / Z.gcd s d) = output a (i, t)).
    { unfold output, value; simpl. nia. }
    destruct (IH (Z.to_nat (t - s / Z.gcd s d)) ltac:(lia) (i + d / Z.gcd s d) (t - s / Z.gcd s d))
      as (y & Hy & last & E); [|reflexivity|exists y; rewrite E; auto].
    apply filter_In. rewrite in_box. unfold is_kept in *. rewrite same. simpl. split; [lia|assumption].
  - intros [i t] [i' t'] H H' last last' E.
    apply filter_In in H as [inside _]. apply filter_In in H' as [inside' _].
    apply in_box in inside, inside'. unfold has_successor in *; simpl in *.
    destruct (same_value s d i t i' t' Hs Hd) as (q & Ei & Et).
    { unfold output in E; simpl in E. lia. }
    assert (q = 0) by nia. subst q. f_equal; lia.
Qed.

(** Steps 4 and 5: the pairs with a successor are a smaller box, moved by the lcm. *)
Lemma kept_with_successor n k s d b e o :
  let a := Axis n k s d b e o in
  let n' := Z.max (n - d / Z.gcd s d) 0 in
  let k' := Z.max (k - s / Z.gcd s d) 0 in
  let l := Z.lcm s d in
  1 <= s -> 1 <= d -> 0 <= size a ->
  count (has_successor n s d) (kept_pairs a)
  = n' * k' - F n' k' s d (b - l) - F n' k' s d (e - o - l).
Proof.
  intros a n' k' l Hs Hd HL. destruct (parts s d Hs Hd) as (Hg & Hu & Hw & Es & Ed & _ & El & El').
  fold l in El, El'. unfold kept_pairs. rewrite count_filter.
  set (u := s / Z.gcd s d) in *. set (w := d / Z.gcd s d) in *.
  unfold size in HL; simpl in HL.
  destruct (Z.eq_dec n' 0) as [none|].
  { rewrite none, !F_empty, ?Z.mul_0_r by lia. apply count_none. intros [i t] H. apply in_box in H.
    unfold has_successor; simpl in *. fold u w. lia. }
  destruct (Z.eq_dec k' 0) as [none|].
  { rewrite none, !F_empty, ?Z.mul_0_r by lia. apply count_none. intros [i t] H. apply in_box in H.
    unfold has_successor; simpl in *. fold u w. lia. }
  rewrite <- between by nia.
  apply (count_bijection (fun p => (fst p, snd p - u)) (fun p => (fst p, snd p + u)));
    try apply NoDup_box; intros [i t] H P; rewrite in_box in *;
    unfold has_successor, is_kept, output, size, value in *; simpl in *; fold u w in P |- *.
  all: repeat split; try lia; try (f_equal; lia); try nia.
Qed.

Theorem theorem_2_covered n k s d b e o :
  let a := Axis n k s d b e o in
  let g := Z.gcd s d in
  let l := Z.lcm s d in
  let n' := Z.max (n - d / g) 0 in
  let k' := Z.max (k - s / g) 0 in
  proper a -> 0 <= size a ->
  covered a = overlaps a - (n' * k' - F n' k' s d (b - l) - F n' k' s d (e - o - l)).
Proof.
  intros a g l n' k' (_ & _ & Hs & Hd) HL. cbn [stride dilation a] in Hs, Hd.
  etransitivity; [exact (covered_by_successors n k s d b e o Hs Hd)|].
  f_equal. exact (kept_with_successor n k s d b e o Hs Hd HL).
Qed.
