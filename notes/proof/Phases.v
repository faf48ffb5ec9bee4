(** Theorem 5: what a position of the interior receives depends on its phase alone. *)

From Coq Require Import ZArith List Bool Lia ZifyBool Znumtheory.
From Proof Require Import Counting Lists Overlaps Covered Coverage.
Import ListNotations.
Open Scope Z_scope.

(** The taps that lead from a value to a whole input, wherever that input lies. *)
Definition phi (k s d v : Z) : Z := count (fun t => (v - t * d) mod s =? 0) (range k).

(** It depends on the residue of v modulo s. *)
Theorem theorem_5_phase k s d v : 1 <= s -> phi k s d v = phi k s d (v mod s).
Proof.
  intros Hs. apply count_ext. intros t _. f_equal.
  rewrite (Z.mod_eq v s) by lia. replace (v - s * (v / s) - t * d) with (v - t * d + - (v / s) * s) by ring.
  now rewrite Z.mod_add by lia.
Qed.

Theorem theorem_5_phi k s d v :
  let g := Z.gcd s d in
  let sigma := s / g in
  let q := k / sigma in
  let r := k mod sigma in
  1 <= k -> 1 <= s -> 1 <= d ->
  (~ (g | v) -> phi k s d v = 0)
  /\ (forall tau, (g | v) -> is_tau s d v tau -> phi k s d v = if tau <? r then q + 1 else q).
Proof.
  intros g sigma q r Hk Hs Hd. destruct (parts s d Hs Hd) as (Hg & Hu & _).
  fold g in Hg, Hu. fold sigma in Hu. split.
  - intros V. apply count_none. intros t _. now apply no_whole_input.
  - intros tau V Ht. unfold phi.
    rewrite (count_ext _ (fun t => (0 <=? t) && (t <=? k - 1) && ((t - tau) mod sigma =? 0))).
    2:{ intros t H. apply in_range in H. rewrite (whole_input s d v tau) by assumption.
        fold g sigma. lia. }
    destruct Ht as (Ht & _). fold g sigma in Ht.
    rewrite count_progression by lia.
    replace ((0 - 1 - tau) / sigma) with (-1) by (apply (Z.div_unique _ _ _ (sigma - 1 - tau)); lia).
    assert (E : k = sigma * q + r) by (apply Z.div_mod; lia).
    assert (Hr : 0 <= r < sigma) by (apply Z.mod_pos_bound; lia).
    assert (Hq : 0 <= q) by (apply Z.div_pos; lia).
    destruct (Z.ltb_spec tau r).
    + replace ((k - 1 - tau) / sigma) with q by (apply (Z.div_unique _ _ _ (r - 1 - tau)); lia). lia.
    + replace ((k - 1 - tau) / sigma) with (q - 1)
        by (apply (Z.div_unique _ _ _ (sigma + r - 1 - tau)); lia). lia.
Qed.

(** (a) *)
Theorem theorem_5a_at_most_phi n k s d v : 1 <= s -> pairs_of_value n k s d v <= phi k s d v.
Proof. intros Hs. rewrite pairs_by_tap by assumption. apply count_le. intros t _. lia. Qed.

(** (b) *)
Theorem theorem_5b_interior n k s d v : 1 <= s -> 1 <= d ->
  (k - 1) * d - s < v < n * s -> pairs_of_value n k s d v = phi k s d v.
Proof.
  intros Hs Hd inside. rewrite pairs_by_tap by assumption. apply count_ext. intros t H.
  apply in_range in H. destruct ((v - t * d) mod s =? 0) eqn:whole; [|apply andb_false_r].
  apply divides_mod in whole as [i E]; [|lia].
  assert (t * d <= (k - 1) * d) by nia.
  assert (0 <= i) by nia. assert (i <= n - 1) by nia. nia.
Qed.

(** (c) The bounds of (b) cannot be moved outwards. *)
Theorem theorem_5c_sharp_begin n k s d : 1 <= k -> 1 <= s -> 1 <= d ->
  let v := (k - 1) * d - s in pairs_of_value n k s d v < phi k s d v.
Proof.
  intros Hk Hs Hd v. rewrite pairs_by_tap by assumption. apply (count_lt _ _ _ (k - 1)).
  - intros t _. lia.
  - apply in_range. lia.
  - lia.
  - apply divides_mod; [lia|]. exists (-1). lia.
Qed.

Theorem theorem_5c_sharp_end n k s d : 1 <= k -> 1 <= s ->
  let v := n * s in pairs_of_value n k s d v < phi k s d v.
Proof.
  intros Hk Hs v. rewrite pairs_by_tap by assumption. apply (count_lt _ _ _ 0).
  - intros t _. lia.
  - apply in_range. lia.
  - lia.
  - apply divides_mod; [lia|]. exists n. lia.
Qed.

(** (d) *)
Lemma multiples g m : 1 <= g -> 0 <= m -> count (fun v => v mod g =? 0) (range (m * g)) = m.
Proof.
  intros Hg Hm.
  rewrite (count_ext _ (fun v => (0 <=? v) && (v <=? m * g - 1) && ((v - 0) mod g =? 0))).
  2:{ intros v H. apply in_range in H. rewrite Z.sub_0_r. lia. }
  rewrite count_progression by lia.
  replace ((0 - 1 - 0) / g) with (-1) by (apply (Z.div_unique _ _ _ (g - 1)); lia).
  replace ((m * g - 1 - 0) / g) with (m - 1) by (apply (Z.div_unique _ _ _ (g - 1)); lia). lia.
Qed.

Theorem theorem_5d_sum k s d : 0 <= k -> 1 <= s -> sum (phi k s d) (range s) = k.
Proof.
  intros Hk Hs. unfold phi.
  rewrite (sum_ext _ (fun v => sum (fun t => Z.b2z ((v - t * d) mod s =? 0)) (range k)))
    by (intros; symmetry; apply sum_b2z).
  rewrite sum_swap. rewrite (sum_ext _ (fun _ => 1)).
  - rewrite sum_const, length_range. lia.
  - intros t _. rewrite sum_b2z.
    rewrite (count_ext _ (fun v => (0 <=? v) && (v <=? s - 1) && ((v - t * d) mod s =? 0))).
    2:{ intros v H. apply in_range in H. lia. }
    rewrite count_progression by lia.
    replace (s - 1 - t * d) with (0 - 1 - t * d + 1 * s) by lia. rewrite Z.div_add by lia. lia.
Qed.

Lemma phi_cases k s d v :
  let g := Z.gcd s d in
  let q := k / (s / g) in
  1 <= k -> 1 <= s -> 1 <= d ->
  (v mod g =? 0) = true /\ (phi k s d v = q \/ phi k s d v = q + 1)
  \/ (v mod g =? 0) = false /\ phi k s d v = 0.
Proof.
  intros g q Hk Hs Hd. destruct (parts s d Hs Hd) as (Hg & _). fold g in Hg.
  destruct (theorem_5_phi k s d v Hk Hs Hd) as [none some]. fold g in none, some.
  destruct (v mod g =? 0) eqn:D; [left|right]; split; auto.
  - apply divides_mod in D; [|lia]. destruct (tau_exists s d v Hs Hd) as [tau Ht].
    specialize (some tau D Ht). fold q in some. destruct (tau <? _); lia.
  - apply none. rewrite <- divides_mod by lia. lia.
Qed.

Theorem theorem_5d_phases k s d :
  let g := Z.gcd s d in
  let sigma := s / g in
  let q := k / sigma in
  let r := k mod sigma in
  1 <= k -> 1 <= s -> 1 <= d ->
  count (fun v => negb (v mod g =? 0)) (range s) = s - sigma
  /\ count (fun v => (v mod g =? 0) && (phi k s d v =? q)) (range s) = sigma - r
  /\ count (fun v => (v mod g =? 0) && (phi k s d v =? q + 1)) (range s) = r.
Proof.
  intros g sigma q r Hk Hs Hd. destruct (parts s d Hs Hd) as (Hg & Hu & _ & Es & _).
  fold g in Hg, Hu, Es. fold sigma in Hu, Es.
  assert (all : count (fun v => v mod g =? 0) (range s) = sigma).
  { pose proof (multiples g sigma ltac:(lia) ltac:(lia)) as all. now rewrite <- Es in all. }
  split; [rewrite count_negb, length_range; lia|].
  rewrite (count_split _ (fun v => phi k s d v =? q)) in all.
  assert (more : count (fun v => (v mod g =? 0) && negb (phi k s d v =? q)) (range s)
                 = count (fun v => (v mod g =? 0) && (phi k s d v =? q + 1)) (range s)).
  { apply count_ext. intros v _. pose proof (phi_cases k s d v Hk Hs Hd) as H.
    fold g sigma q in H. destruct (v mod g =? 0), (phi k s d v =? q) eqn:E; lia. }
  pose proof (theorem_5d_sum k s d ltac:(lia) Hs) as total.
  rewrite (sum_ext _ (fun v => q * Z.b2z ((v mod g =? 0) && (phi k s d v =? q))
                               + (q + 1) * Z.b2z ((v mod g =? 0) && (phi k s d v =? q + 1)))) in total.
  2:{ intros v _. pose proof (phi_cases k s d v Hk Hs Hd) as H. fold g sigma q in H.
      destruct (v mod g =? 0), (phi k s d v =? q) eqn:E; cbn [andb Z.b2z] in *;
        destruct (phi k s d v =? q + 1) eqn:E'; cbn [Z.b2z]; lia. }
  rewrite sum_add, !sum_scale, !sum_b2z in total.
  assert (E : k = sigma * q + r) by (apply Z.div_mod; lia). nia.
Qed.

(** (e) *)
Theorem theorem_5e_values k s d :
  let g := Z.gcd s d in
  let sigma := s / g in
  let q := k / sigma in
  1 <= k -> 1 <= s -> 1 <= d ->
  (forall v, (g | v) -> phi k s d v = q \/ phi k s d v = q + 1)
  /\ (forall v, ~ (g | v) -> phi k s d v = 0)
  /\ (exists v, (g | v) /\ phi k s d v = q)
  /\ ((exists v, phi k s d v = q + 1) <-> ~ (sigma | k))
  /\ ((exists v, ~ (g | v)) <-> 1 < g).
Proof.
  intros g sigma q Hk Hs Hd. destruct (parts s d Hs Hd) as (Hg & Hu & _).
  fold g in Hg, Hu. fold sigma in Hu.
  assert (cases := fun v => phi_cases k s d v Hk Hs Hd). cbv zeta in cases.
  fold g in cases. fold sigma in cases. fold q in cases.
  assert (Hr : 0 <= k mod sigma < sigma) by (apply Z.mod_pos_bound; lia).
  assert (Hq : 0 <= q) by (apply Z.div_pos; lia).
  destruct (theorem_5d_phases k s d Hk Hs Hd) as (_ & low & high).
  fold g in low, high. fold sigma in low, high. fold q in low, high.
  split; [|split; [|split; [|split]]].
  - intros v V. apply divides_mod in V; [|lia]. specialize (cases v). lia.
  - intros v V. apply theorem_5_phi; assumption.
  - destruct (proj1 (count_positive (fun v => (v mod g =? 0) && (phi k s d v =? q)) (range s)))
      as (v & _ & H); [lia|].
    exists v. rewrite <- divides_mod by lia. lia.
  - rewrite <- (Z.mod_divide k sigma) by lia. split.
    + intros [v E] D. rewrite D in high.
      rewrite theorem_5_phase in E by lia.
      assert (none := proj1 (count_zero _ _) high (v mod s)).
      rewrite in_range in none. specialize (none ltac:(apply Z.mod_pos_bound; lia)). cbv beta in none.
      specialize (cases (v mod s)). lia.
    + intros D. destruct (proj1 (count_positive (fun v => (v mod g =? 0) && (phi k s d v =? q + 1)) (range s)))
        as (v & _ & H); [lia|]. exists v. lia.
  - split.
    + intros [v V]. destruct (Z.eq_dec g 1) as [E|]; [|lia]. exfalso. apply V. rewrite E. apply Z.divide_1_l.
    + intros more. exists 1. intros D. apply Z.divide_pos_le in D; lia.
Qed.

Lemma phi_at_0 k s d : 1 <= k -> 1 <= s -> 1 <= phi k s d 0.
Proof.
  intros Hk Hs. assert (0 < phi k s d 0); [|lia]. apply count_positive. exists 0.
  split; [apply in_range; lia|]. apply divides_mod; [lia|]. exists 0. lia.
Qed.

(** (f) *)
Theorem theorem_5f_even k s d : 1 <= k -> 1 <= s -> 1 <= d ->
  ((exists c, forall v, phi k s d v = c) <-> Z.gcd s d = 1 /\ (s | k))
  /\ (Z.gcd s d = 1 -> (s | k) -> forall v, phi k s d v = k / s).
Proof.
  intros Hk Hs Hd. destruct (parts s d Hs Hd) as (Hg & Hu & _).
  destruct (theorem_5e_values k s d Hk Hs Hd) as (some & none & low & high & holes).
  assert (even : Z.gcd s d = 1 -> (s | k) -> forall v, phi k s d v = k / s).
  { intros E D v. rewrite E, Z.div_1_r in *.
    destruct (some v (Z.divide_1_l v)) as [H|H]; [assumption|].
    exfalso. apply (proj1 high (ex_intro _ v H) D). }
  split; [|assumption]. split.
  - intros [c const]. pose proof (phi_at_0 k s d Hk Hs).
    assert (E : Z.gcd s d = 1).
    { destruct (Z.eq_dec (Z.gcd s d) 1); [assumption|].
      destruct (proj2 holes) as [v V]; [lia|]. specialize (none v V). rewrite !const in *. lia. }
    split; [assumption|]. rewrite E, Z.div_1_r in *.
    destruct low as (v & _ & low). destruct (Zdivide_dec s k) as [D|D]; [assumption|].
    destruct (proj2 high D) as [v' E']. rewrite const in low, E'. lia.
  - intros [E D]. exists (k / s). auto.
Qed.

(** (g) *)
Theorem theorem_5g_holes k s d : 1 <= k -> 1 <= s -> 1 <= d ->
  ((exists v, phi k s d v = 0) <-> 1 < Z.gcd s d \/ k < s).
Proof.
  intros Hk Hs Hd. destruct (parts s d Hs Hd) as (Hg & Hu & _).
  destruct (theorem_5e_values k s d Hk Hs Hd) as (some & none & low & _ & holes).
  split.
  - intros [v E]. destruct (Z.eq_dec (Z.gcd s d) 1) as [G|]; [|lia]. right.
    rewrite G, Z.div_1_r in *. destruct (some v (Z.divide_1_l v)) as [H|H].
    + rewrite E in H. symmetry in H. apply Z.div_small_iff in H; lia.
    + assert (0 <= k / s) by (apply Z.div_pos; lia). lia.
  - intros [H|H].
    + destruct (proj2 holes H) as [v V]. exists v. auto.
    + destruct (Z.eq_dec (Z.gcd s d) 1) as [G|].
      * rewrite G, Z.div_1_r in *. destruct low as (v & _ & low). exists v.
        rewrite low. apply Z.div_small. lia.
      * destruct (proj2 holes) as [v V]; [lia|]. exists v. auto.
Qed.

(** All positions lie in the range of (b) exactly when no crop is short of it. *)
Theorem theorem_5_no_edge n k s d b e o :
  let a := Axis n k s d b e o in
  legal a ->
  ((forall y, 0 <= y < size a -> (k - 1) * d - s < y + b < n * s)
   <-> (k - 1) * d - s < b /\ (k - 1) * d - s < e - o).
Proof.
  intros a (_ & HL). unfold a, size in *; fields. split.
  - intros all. pose proof (all 0 ltac:(lia)). pose proof (all ((n - 1) * s + (k - 1) * d + 1 - b - e + o - 1) ltac:(lia)). lia.
  - intros H y Hy. lia.
Qed.

(** Twin of (b), by symmetry: between the other two bounds the coverage has period d. *)
Theorem theorem_5b_twin n k s d v : 1 <= s -> 1 <= d ->
  (n - 1) * s - d < v < k * d -> pairs_of_value n k s d v = phi n d s v.
Proof.
  intros Hs Hd inside. rewrite <- (theorem_5b_interior k n d s v Hd Hs inside).
  unfold pairs_of_value. rewrite count_swap. apply count_ext. intros [t i] _.
  unfold value; fields. lia.
Qed.
