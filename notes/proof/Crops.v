(** Corollaries 8 and 14: inputs that the crops cut away altogether can be left out. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Overlaps Coverage Certificates.
Import ListNotations.
Open Scope Z_scope.

(** ** Axes with corresponding pairs *)

(** The kept pairs of one axis are those of the other with their inputs moved, and land alike. *)
Definition corresponding (shift : Z) (a a' : axis) : Prop :=
  size a = size a'
  /\ (forall i t, In (i + shift, t) (kept_pairs a) <-> In (i, t) (kept_pairs a'))
  /\ (forall i t, output a (i + shift, t) = output a' (i, t)).

Lemma corresponding_trans c c' a a' a'' :
  corresponding c a a' -> corresponding c' a' a'' -> corresponding (c + c') a a''.
Proof.
  intros (L & S & O) (L' & S' & O'). split; [congruence|].
  replace (c + c') with (c' + c) by lia.
  split; intros i t; rewrite Z.add_assoc; [now rewrite S | now rewrite O].
Qed.

Lemma distinct_shift c l m : (forall x, In (x + c) l <-> In x m) -> distinct l = distinct m.
Proof.
  intros same. transitivity (distinct (map (fun x => x + c) (nodup Z.eq_dec m))).
  - apply distinct_same. intros x. rewrite in_map_iff. split.
    + intros H. exists (x - c). rewrite nodup_In, <- same. split; [lia|].
      now replace (x - c + c) with x by lia.
    + intros (y & <- & H). apply same. now apply nodup_In in H.
  - rewrite distinct_length; [unfold distinct; now rewrite map_length|].
    apply NoDup_map_injective; [lia|apply NoDup_nodup].
Qed.

(** They have the same size, coverage, overlaps and shadows. *)
Theorem corresponding_counts c a a' : corresponding c a a' ->
  size a = size a' /\ (forall y, coverage a y = coverage a' y) /\ overlaps a = overlaps a'
  /\ covered a = covered a' /\ inputs_reached a = inputs_reached a' /\ taps_reached a = taps_reached a'.
Proof.
  intros (L & S & O).
  assert (back : forall i t, In (i, t) (kept_pairs a) <-> In (i - c, t) (kept_pairs a')).
  { intros i t. rewrite <- S. now replace (i - c + c) with i by lia. }
  assert (C : forall y, coverage a y = coverage a' y).
  { intros y.
    apply (count_bijection (fun p => (fst p - c, snd p)) (fun p => (fst p + c, snd p)));
      try (apply NoDup_filter, NoDup_box); intros [i t] H P; cbn [fst snd] in *.
    - rewrite <- back. split; [assumption|]. split; [|f_equal; lia].
      rewrite <- O. now replace (i - c + c) with i by lia.
    - rewrite S. split; [assumption|]. split; [now rewrite O|f_equal; lia]. }
  split; [assumption|]. split; [assumption|]. split.
  { rewrite !overlaps_by_position, L. apply sum_ext. auto. }
  split.
  { rewrite !covered_by_position, L. apply count_ext. intros y _. now rewrite C. }
  split.
  - apply (distinct_shift c). intros i. rewrite !in_map_iff. split.
    + intros ([j t] & E & H). exists (i, t). cbn [fst] in E. subst j. now rewrite <- S.
    + intros ([j t] & E & H). exists (i + c, t). cbn [fst] in E. subst j. now rewrite S.
  - apply distinct_same. intros t. rewrite !in_map_iff. split.
    + intros ([i t'] & E & H). exists (i - c, t'). now rewrite <- back.
    + intros ([i t'] & E & H). exists (i + c, t'). now rewrite S.
Qed.

(** ** Corollary 8, with corollary 14 *)

(** (a) At the beginning. *)
Theorem corollary_8a_begin n k s d b e o :
  1 <= s -> 1 <= d -> 2 <= n -> (k - 1) * d < b ->
  corresponding 1 (Axis n k s d b e o) (Axis (n - 1) k s d (b - s) e o).
Proof.
  intros Hs Hd Hn cut. unfold corresponding, kept_pairs. split; [unfold size; fields; lia|]. split.
  - intros i t. rewrite !filter_In, !in_box. unfold is_kept, output, value, size; fields. nia.
  - intros i t. unfold output, value; fields. lia.
Qed.

(** (b) At the end. *)
Theorem corollary_8b_end n k s d b e o :
  1 <= s -> 1 <= d -> 2 <= n -> (k - 1) * d < e - o ->
  corresponding 0 (Axis n k s d b e o) (Axis (n - 1) k s d b (e - s) o).
Proof.
  intros Hs Hd Hn cut. unfold corresponding, kept_pairs. split; [unfold size; fields; lia|]. split.
  - intros i t. rewrite Z.add_0_r, !filter_In, !in_box. unfold is_kept, output, value, size; fields. nia.
  - intros i t. unfold output, value; fields. lia.
Qed.

(** B: from this padding on. *)
Definition padding_bound (k s d o : Z) : Z := Z.max s ((k - 1) * d + o + 1).

(** A torch axis has one padding at both ends. *)
Definition padded (n k s d p o : Z) : axis := Axis n k s d p p o.

(** (c) *)
Theorem corollary_8c_step n k s d p o :
  0 <= o -> legal (padded n k s d p o) -> padding_bound k s d o <= p ->
  3 <= n /\ legal (padded (n - 2) k s d (p - s) o) /\ 0 <= p - s
  /\ corresponding 1 (padded n k s d p o) (padded (n - 2) k s d (p - s) o).
Proof.
  unfold legal, proper, padded, padding_bound. intros Ho ((Hn & Hk & Hs & Hd) & HL) HB.
  assert (Hn3 : 3 <= n) by (unfold size in HL; fields; assert (s < (n - 1) * s) by lia; nia).
  assert (C : corresponding 1 (Axis n k s d p p o) (Axis (n - 2) k s d (p - s) (p - s) o)).
  { fields. replace (n - 2) with (n - 1 - 1) by lia. apply (corresponding_trans 1 0 _ (Axis (n - 1) k s d (p - s) p o)).
    - apply corollary_8a_begin; lia.
    - apply corollary_8b_end; lia. }
  split; [assumption|]. split; [|split; [lia|assumption]].
  split; [fields; lia|]. destruct C as (E & _). lia.
Qed.

Lemma steps_of_reduction n k s d p o j : 0 <= j -> 0 <= o ->
  legal (padded n k s d p o) ->
  (forall i, 0 <= i < j -> padding_bound k s d o <= p - i * s) ->
  legal (padded (n - 2 * j) k s d (p - j * s) o)
  /\ corresponding j (padded n k s d p o) (padded (n - 2 * j) k s d (p - j * s) o).
Proof.
  intros Hj Ho Hl. revert j Hj. refine (natlike_ind _ _ _).
  - intros _. rewrite !Z.sub_0_r. split; [assumption|]. split; [reflexivity|].
    split; intros i t; rewrite Z.add_0_r; reflexivity.
  - intros j Hj IH large. destruct IH as [Hl' C]; [intros; apply large; lia|].
    destruct (corollary_8c_step _ _ _ _ _ _ Ho Hl' (large j ltac:(lia))) as (_ & Hl'' & _ & C').
    replace (n - 2 * Z.succ j) with (n - 2 * j - 2) by lia.
    replace (p - Z.succ j * s) with (p - j * s - s) by lia.
    split; [assumption|]. apply (corresponding_trans _ _ _ _ _ C C').
Qed.

(** r of the notes. *)
Definition reduction (k s d p o : Z) : Z := Z.max 0 ((p - padding_bound k s d o) / s + 1).

(** (d) *)
Theorem corollary_8d_reduced n k s d p o :
  let r := reduction k s d p o in
  0 <= o -> legal (padded n k s d p o) -> 0 <= p ->
  legal (padded (n - 2 * r) k s d (p - r * s) o)
  /\ 0 <= p - r * s < padding_bound k s d o
  /\ corresponding r (padded n k s d p o) (padded (n - 2 * r) k s d (p - r * s) o).
Proof.
  intros r Ho Hl Hp. assert (Hs : 1 <= s) by (destruct Hl as ((_ & _ & H & _) & _); exact H).
  set (B := padding_bound k s d o) in *.
  assert (HB : s <= B) by (unfold B, padding_bound; lia).
  pose proof (floor_spec (p - B) s) as spec.
  assert (before : forall i, 0 <= i < r -> B <= p - i * s).
  { intros i Hi. unfold r, reduction in Hi. fold B in Hi. pose proof (proj1 (spec i ltac:(lia)) ltac:(lia)). lia. }
  assert (after : p - r * s < B).
  { unfold r, reduction. fold B. destruct (Z.le_gt_cases ((p - B) / s + 1) 0) as [few|more].
    - rewrite Z.max_l by lia. assert (~ 0 <= (p - B) / s) by lia.
      pose proof (proj2 (spec 0 ltac:(lia))). lia.
    - rewrite Z.max_r by lia. pose proof (proj2 (spec ((p - B) / s + 1) ltac:(lia))). lia. }
  assert (Hr : 0 <= r) by (unfold r, reduction; lia).
  assert (positive : 0 <= p - r * s).
  { destruct (Z.eq_dec r 0) as [->|]; [lia|]. pose proof (before (r - 1) ltac:(lia)). lia. }
  destruct (steps_of_reduction n k s d p o r Hr Ho Hl before) as [Hl' C].
  split; [assumption|]. split; [lia|assumption].
Qed.

(** With corollary 6.1: a candidate that provably obeys the same reduction need be checked at
    paddings below B alone. *)
Theorem corollary_8_candidates k s d o terms (candidate : Z -> Z -> Z) :
  0 <= o -> (forall c, ~ In (c, Inputs) terms) ->
  (forall n p, legal (padded n k s d p o) -> padding_bound k s d o <= p ->
     candidate n p = candidate (n - 2) (p - s)) ->
  (forall n p, legal (padded n k s d p o) -> 0 <= p < padding_bound k s d o ->
     candidate n p = truth terms (padded n k s d p o)) ->
  forall n p, legal (padded n k s d p o) -> 0 <= p ->
     candidate n p = truth terms (padded n k s d p o).
Proof.
  intros Ho none obeys small n p Hl Hp. assert (Hs : 1 <= s) by (destruct Hl as ((_ & _ & H & _) & _); exact H).
  remember (Z.to_nat p) as fuel eqn:E. revert n p Hl Hp E.
  induction fuel as [fuel IH] using lt_wf_ind. intros n p Hl Hp ->.
  destruct (Z.lt_ge_cases p (padding_bound k s d o)) as [lt|ge]; [apply small; auto; lia|].
  destruct (corollary_8c_step _ _ _ _ _ _ Ho Hl ge) as (_ & Hl' & Hp' & C).
  rewrite (obeys n p Hl ge), (IH (Z.to_nat (p - s))) by (auto; lia).
  destruct (corresponding_counts _ _ _ C) as (L & _ & T & C' & I & J).
  apply sum_ext. intros [c q] H. cbn [fst snd]. f_equal.
  destruct q; cbn [measure]; auto. now apply none in H.
Qed.
