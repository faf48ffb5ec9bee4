(** Theorem 6: from which number of inputs on size, overlaps and covered grow evenly. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Overlaps Covered Shadows Coverage.
Import ListNotations.
Open Scope Z_scope.

(** ** One input more *)

(** h(x): the taps of input n that lie below x. *)
Definition h (n k s d x : Z) : Z := count (fun t => n * s + t * d <? x) (range k).

Lemma box_next n k : 0 <= n -> box (n + 1) k = box n k ++ map (fun t => (n, t)) (range k).
Proof.
  intros. unfold box. rewrite range_next by assumption.
  generalize (range n), (range k). intros l m. induction l as [|x l IH]; simpl.
  - apply app_nil_r.
  - now rewrite IH, app_assoc.
Qed.

Lemma F_next n k s d x : 0 <= n -> F (n + 1) k s d x = F n k s d x + h n k s d x.
Proof. intros. unfold F. rewrite box_next, count_app, count_map by assumption. reflexivity. Qed.

Lemma h_nonneg n k s d x : 0 <= h n k s d x.
Proof. apply count_nonneg. Qed.

Lemma h_zero n k s d x : 0 <= d -> x <= n * s -> h n k s d x = 0.
Proof. intros. apply count_none. intros t H1. apply in_range in H1. nia. Qed.

Lemma h_positive n k s d x : 1 <= k -> n * s < x -> 0 < h n k s d x.
Proof. intros. apply count_positive. exists 0. rewrite in_range. lia. Qed.

(** ** The thresholds *)

Definition n_min (k s d b e o : Z) : Z := 1 + Z.max 0 (ceiling (b + e - o - (k - 1) * d) s).

Definition delta (k s d : Z) : Z := if s / Z.gcd s d <? k then d / Z.gcd s d else 1.

Definition n_star (k s d b e o : Z) : Z :=
  Z.max (n_min k s d b e o) (Z.max (ceiling (Z.max b (e - o)) s) (delta k s d)).

Theorem theorem_6a_n_min n k s d b e o : 1 <= s -> 1 <= n ->
  (1 <= size (Axis n k s d b e o) <-> n_min k s d b e o <= n).
Proof.
  intros Hs Hn. unfold size, n_min; fields.
  pose proof (ceiling_spec (b + e - o - (k - 1) * d) s (n - 1)). nia.
Qed.

Section OneInputMore.
Variables k s d b e o : Z.
Hypothesis (Hk : 1 <= k) (Hs : 1 <= s) (Hd : 1 <= d).
Let a n := Axis n k s d b e o.
Let w := d / Z.gcd s d.
Let u := s / Z.gcd s d.

Lemma size_grows n : size (a (n + 1)) - size (a n) = s.
Proof. unfold size; simpl. lia. Qed.

Lemma overlaps_grow n : 0 <= n -> 0 <= size (a n) ->
  overlaps (a (n + 1)) - overlaps (a n) = k - h n k s d b - h n k s d (e - o).
Proof.
  intros Hn HL. pose proof (size_grows n).
  unfold a in *. rewrite !overlaps_formula by lia. rewrite !F_next by assumption. lia.
Qed.

(** (1) in the notes: the new input lands with all its taps. *)
Lemma overlaps_grow_by_k n : 0 <= n -> 0 <= size (a n) ->
  (overlaps (a (n + 1)) - overlaps (a n) = k <-> ceiling (Z.max b (e - o)) s <= n).
Proof.
  intros Hn HL. rewrite overlaps_grow, ceiling_spec by lia.
  pose proof (h_nonneg n k s d b). pose proof (h_nonneg n k s d (e - o)). split.
  - intros E. pose proof (h_positive n k s d b Hk). pose proof (h_positive n k s d (e - o) Hk). lia.
  - intros. rewrite !h_zero by lia. lia.
Qed.

Lemma covered_grow n : 0 <= n -> 0 <= size (a n) -> ceiling (Z.max b (e - o)) s <= n ->
  covered (a (n + 1)) - covered (a n) = if w <=? n then Z.min k u else k.
Proof.
  intros Hn HL large. pose proof (proj2 (overlaps_grow_by_k n Hn HL) large) as T.
  apply ceiling_spec in large; [|lia].
  destruct (parts s d Hs Hd) as (_ & Hu & Hw & _ & _ & _ & El & _).
  pose proof (size_grows n) as L.
  pose proof (covered_by_successors n k s d b e o Hs Hd) as C.
  pose proof (covered_by_successors (n + 1) k s d b e o Hs Hd) as C'.
  pose proof (kept_with_successor n k s d b e o Hs Hd HL) as K.
  pose proof (kept_with_successor (n + 1) k s d b e o Hs Hd) as K'.
  cbv zeta in C, C', K, K'. fold w in El, K, K'. fold u in Hu, K, K'. fold w in Hw.
  fold (a n) (a (n + 1)) in *. specialize (K' ltac:(lia)).
  destruct (Z.leb_spec w n).
  - replace (Z.max (n - w) 0) with (n - w) in K by lia.
    replace (Z.max (n + 1 - w) 0) with (n - w + 1) in K' by lia.
    rewrite !F_next, !h_zero in K' by nia.
    set (k' := Z.max (k - u) 0) in *. lia.
  - replace (Z.max (n - w) 0) with 0 in K by lia.
    replace (Z.max (n + 1 - w) 0) with 0 in K' by lia.
    rewrite !F_empty in K, K' by lia. lia.
Qed.

End OneInputMore.

Theorem theorem_6b_steps n k s d b e o :
  let a n := Axis n k s d b e o in
  1 <= k -> 1 <= s -> 1 <= d -> n_min k s d b e o <= n ->
  (size (a (n + 1)) - size (a n) = s
   /\ overlaps (a (n + 1)) - overlaps (a n) = k
   /\ covered (a (n + 1)) - covered (a n) = Z.min k (s / Z.gcd s d)
   <-> n_star k s d b e o <= n).
Proof.
  intros a Hk Hs Hd Hn.
  assert (Hn1 : 1 <= n) by (unfold n_min in Hn; lia).
  assert (HL : 0 <= size (Axis n k s d b e o)).
  { apply (theorem_6a_n_min n k s d b e o Hs Hn1) in Hn. lia. }
  pose proof (size_grows k s d b e o n) as L.
  pose proof (overlaps_grow_by_k k s d b e o Hk Hs Hd n ltac:(lia) HL) as T.
  pose proof (covered_grow k s d b e o Hk Hs Hd n ltac:(lia) HL) as C.
  cbv zeta beta in L, T, C.
  fold (a n) (a (n + 1)) in *. unfold n_star, delta.
  destruct (parts s d Hs Hd) as (_ & Hu & Hw & _).
  split.
  - intros (_ & E & E'). apply T in E. specialize (C E).
    destruct (Z.ltb_spec (s / Z.gcd s d) k), (Z.leb_spec (d / Z.gcd s d) n); lia.
  - intros large. specialize (C ltac:(lia)). split; [assumption|]. split; [apply T; lia|].
    destruct (Z.ltb_spec (s / Z.gcd s d) k), (Z.leb_spec (d / Z.gcd s d) n); lia.
Qed.

(** A function is affine from n0 on. *)
Definition affine_from (n0 : Z) (f : Z -> Z) : Prop :=
  exists c m, forall n, n0 <= n -> f n = c + m * n.

Lemma affine_steps n0 f :
  affine_from n0 f <-> exists m, forall n, n0 <= n -> f (n + 1) - f n = m.
Proof.
  split.
  - intros (c & m & E). exists m. intros n Hn. rewrite !E by lia. lia.
  - intros (m & E). exists (f n0 - m * n0), m. intros n Hn.
    replace n with (n0 + (n - n0)) by lia. assert (Hj : 0 <= n - n0) by lia.
    generalize dependent (n - n0). clear n Hn. apply natlike_ind.
    + rewrite Z.add_0_r. lia.
    + intros j Hj IH. specialize (E (n0 + j) ltac:(lia)).
      replace (n0 + Z.succ j) with (n0 + j + 1) by lia. lia.
Qed.

Theorem theorem_6c_least n0 k s d b e o :
  let a n := Axis n k s d b e o in
  1 <= k -> 1 <= s -> 1 <= d -> n_min k s d b e o <= n0 ->
  (affine_from n0 (fun n => size (a n)) /\ affine_from n0 (fun n => overlaps (a n))
   /\ affine_from n0 (fun n => covered (a n))
   <-> n_star k s d b e o <= n0).
Proof.
  intros a Hk Hs Hd Hn. rewrite !affine_steps.
  pose proof (fun n => theorem_6b_steps n k s d b e o Hk Hs Hd) as steps. fold a in steps.
  split.
  - intros ((mL & L) & (mT & T) & (mC & C)). apply steps; [assumption|].
    set (far := Z.max n0 (n_star k s d b e o)).
    destruct (proj2 (steps far ltac:(lia)) ltac:(lia)) as (L' & T' & C').
    fold (a far) (a (far + 1)) in L', T', C'. fold (a n0) (a (n0 + 1)).
    rewrite L in L' |- * by lia. rewrite T in T' |- * by lia. rewrite C in C' |- * by lia. auto.
  - intros large. split; [|split]; eexists; intros n Hn'; apply (steps n); lia.
Qed.

(** Twin, by symmetry: with all but the taps fixed, and slopes d, n and min(n, d/g). *)
Theorem theorem_6b_twin n k s d b e o :
  let a k := Axis n k s d b e o in
  1 <= n -> 1 <= s -> 1 <= d -> n_min n d s b e o <= k ->
  (size (a (k + 1)) - size (a k) = d
   /\ overlaps (a (k + 1)) - overlaps (a k) = n
   /\ covered (a (k + 1)) - covered (a k) = Z.min n (d / Z.gcd s d)
   <-> n_star n d s b e o <= k).
Proof.
  intros a Hn Hs Hd Hk. pose proof (theorem_6b_steps k n d s b e o Hn Hd Hs Hk) as twin.
  cbv zeta beta in twin. rewrite Z.gcd_comm in twin. rewrite <- twin.
  assert (L : forall j, size (a j) = size (Axis j n d s b e o)).
  { intros j. symmetry. exact (size_exchanged (a j)). }
  assert (T : forall j, overlaps (a j) = overlaps (Axis j n d s b e o)).
  { intros j. symmetry. exact (overlaps_exchanged (a j)). }
  assert (C : forall j, covered (a j) = covered (Axis j n d s b e o)).
  { intros j. symmetry. exact (covered_exchanged (a j)). }
  now rewrite !L, !T, !C.
Qed.

(** Covered alone can be even earlier: as soon as no tap t >= k - s/g of the new input is cut. *)
Lemma h_fewer_taps n k k' s d x : 0 <= k' <= k -> 0 <= d ->
  h n k' s d x <= h n k s d x /\ (h n k s d x = h n k' s d x <-> k' = k \/ x <= n * s + k' * d).
Proof.
  intros Hk Hd. unfold h.
  rewrite (count_split (fun t => n * s + t * d <? x) (fun t => t <? k') (range k)).
  assert (E : count (fun t => (n * s + t * d <? x) && (t <? k')) (range k)
              = count (fun t => n * s + t * d <? x) (range k')).
  { apply (count_bijection (fun t => t) (fun t => t)); try apply NoDup_range;
      intros t H P; rewrite in_range in *; lia. }
  rewrite E. pose proof (count_nonneg (fun t => (n * s + t * d <? x) && negb (t <? k')) (range k)).
  split; [lia|]. split.
  - intros none. destruct (Z.eq_dec k' k) as [|lt]; [now left|right].
    assert (zero : count (fun t => (n * s + t * d <? x) && negb (t <? k')) (range k) = 0) by lia.
    apply (proj1 (count_zero _ _)) with (x := k') in zero; [lia|apply in_range; lia].
  - intros cut. rewrite (count_none _ (range k)); [lia|].
    intros t H1. apply in_range in H1. nia.
Qed.

Theorem theorem_6_covered_alone n k s d b e o :
  let a n := Axis n k s d b e o in
  let g := Z.gcd s d in
  1 <= s -> 1 <= d -> n_min k s d b e o <= n -> s / g < k -> d / g <= n ->
  (covered (a (n + 1)) - covered (a n) = s / g <-> Z.max b (e - o) <= n * s + (k - s / g) * d).
Proof.
  intros a g Hs Hd Hn Hk Hw.
  assert (Hn1 : 1 <= n) by (unfold n_min in Hn; lia).
  assert (HL : 1 <= size (a n)) by (now apply theorem_6a_n_min).
  destruct (parts s d Hs Hd) as (_ & Hu & _ & _ & _ & _ & El & _). fold g in Hu, El.
  set (u := s / g) in *. set (w := d / g) in *.
  pose proof (size_grows k s d b e o n) as L. cbv zeta beta in L. fold (a n) (a (n + 1)) in L.
  pose proof (covered_by_successors n k s d b e o Hs Hd) as C.
  pose proof (covered_by_successors (n + 1) k s d b e o Hs Hd) as C'.
  pose proof (kept_with_successor n k s d b e o Hs Hd) as K.
  pose proof (kept_with_successor (n + 1) k s d b e o Hs Hd) as K'.
  pose proof (overlaps_grow k s d b e o ltac:(lia) Hs n) as T.
  cbv zeta beta in C, C', K, K', T. fold (a n) (a (n + 1)) in *. fold g in K, K'. fold u w in K, K'.
  specialize (K ltac:(lia)). specialize (K' ltac:(lia)). specialize (T ltac:(lia) ltac:(lia)).
  replace (Z.max (n - w) 0) with (n - w) in K by lia.
  replace (Z.max (n + 1 - w) 0) with (n - w + 1) in K' by lia.
  replace (Z.max (k - u) 0) with (k - u) in K, K' by lia.
  assert (moved : forall x, h (n - w) (k - u) s d (x - Z.lcm s d) = h n (k - u) s d x).
  { intros x. apply count_ext. intros t _. lia. }
  rewrite !F_next, !moved in K' by lia.
  pose proof (h_fewer_taps n k (k - u) s d b ltac:(lia) ltac:(lia)).
  pose proof (h_fewer_taps n k (k - u) s d (e - o) ltac:(lia) ltac:(lia)).
  lia.
Qed.
