(** Theorem 13: from which number of inputs on the inputs and taps reached grow evenly too. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Overlaps Covered Shadows Coverage Affine.
Import ListNotations.
Open Scope Z_scope.

(** ** Stepping over the output *)

(** An input steps over the output when one of its taps is cut on the left, the next on the right. *)
Definition input_steps_over (a : axis) (i : Z) : bool :=
  existsb (fun t => (output a (i, t) <? 0) && (size a <=? output a (i, t + 1))) (range (taps a - 1)).
Definition tap_steps_over (a : axis) (t : Z) : bool :=
  existsb (fun i => (output a (i, t) <? 0) && (size a <=? output a (i + 1, t))) (range (inputs a - 1)).

(** W and V of the notes. *)
Definition W (a : axis) : Z := count (input_steps_over a) (range (inputs a)).
Definition V (a : axis) : Z := count (tap_steps_over a) (range (taps a)).

Lemma count_at_most_one {A} (p : A -> bool) l :
  NoDup l -> (forall x y, In x l -> In y l -> p x = true -> p y = true -> x = y) ->
  count p l = Z.b2z (existsb p l).
Proof.
  intros unique once. induction unique as [|x l fresh unique IH]; [reflexivity|].
  rewrite count_cons. cbn [existsb]. destruct (p x) eqn:E.
  - rewrite count_none; [reflexivity|]. intros y H. destruct (p y) eqn:E'; [|reflexivity].
    exfalso. apply fresh. rewrite (once x y); simpl; auto.
  - rewrite IH; [reflexivity|]. intros; apply once; simpl; auto.
Qed.

(** Pairs whose value lies from x to below y. *)
Lemma between_thresholds n k s d x y : x <= y ->
  count (fun pair => (x <=? value s d pair) && (value s d pair <? y)) (box n k)
  = F n k s d y - F n k s d x.
Proof.
  intros. unfold F.
  rewrite (count_split (fun pair => value s d pair <? y) (fun pair => value s d pair <? x)).
  rewrite (count_ext (fun pair => (value s d pair <? y) && (value s d pair <? x))
             (fun pair => value s d pair <? x)) by lia.
  rewrite (count_ext (fun pair => (value s d pair <? y) && negb (value s d pair <? x))
             (fun pair => (x <=? value s d pair) && (value s d pair <? y))) by lia.
  lia.
Qed.

Lemma F_monotone n k s d x y : x <= y -> F n k s d x <= F n k s d y.
Proof. intros. apply count_le. intros pair _. lia. Qed.

(** The pairs that (a) counts: (i, t) cut on the left, (i, t + 1) on the right. *)
Definition stepping (n k s d b e o : Z) : Z :=
  let L := size (Axis n k s d b e o) in
  count (fun pair => (b + L - d <=? value s d pair) && (value s d pair <? b)) (box n (k - 1)).

(** ... whatever the size, in F: the expression of (a). *)
Theorem stepping_formula n k s d b e o :
  let L := size (Axis n k s d b e o) in
  stepping n k s d b e o = Z.max 0 (F n (k - 1) s d b - F n (k - 1) s d (b + L - d)).
Proof.
  intros L. unfold stepping. fold L. destruct (Z.le_gt_cases L d).
  - rewrite between_thresholds by lia.
    pose proof (F_monotone n (k - 1) s d (b + L - d) b). lia.
  - rewrite count_none by lia.
    pose proof (F_monotone n (k - 1) s d b (b + L - d)). lia.
Qed.

Lemma W_stepping n k s d b e o : 1 <= d -> 0 <= size (Axis n k s d b e o) ->
  W (Axis n k s d b e o) = stepping n k s d b e o.
Proof.
  intros Hd HL. unfold stepping, W, box. rewrite count_prod. fields. rewrite <- sum_b2z.
  apply sum_ext. intros i _. unfold input_steps_over. fields.
  rewrite <- count_at_most_one.
  - apply count_ext. intros t _. unfold output, value. fields. lia.
  - apply NoDup_range.
  - intros t t' _ _. unfold output, value. fields. intros.
    destruct (Z.lt_trichotomy t t') as [lt|[eq|lt]]; [exfalso|assumption|exfalso].
    + assert ((t + 1) * d <= t' * d) by nia. lia.
    + assert ((t' + 1) * d <= t * d) by nia. lia.
Qed.

Lemma V_W n k s d b e o : V (Axis n k s d b e o) = W (Axis k n d s b e o).
Proof.
  unfold V, W. fields. apply count_ext. intros t _.
  unfold tap_steps_over, input_steps_over. fields.
  assert (E : size (Axis k n d s b e o) = size (Axis n k s d b e o)) by (unfold size; fields; lia).
  rewrite E. induction (range (n - 1)) as [|i l IH]; [reflexivity|]. cbn [existsb]. rewrite IH.
  f_equal. unfold output, value. fields. lia.
Qed.

(** (a) *)
Theorem theorem_13a_inputs n k s d b e o :
  let a := Axis n k s d b e o in
  1 <= d -> 1 <= size a ->
  W a = Z.max 0 (F n (k - 1) s d b - F n (k - 1) s d (b + size a - d))
  /\ (d <= size a -> W a = 0).
Proof.
  intros a Hd HL. unfold a. rewrite W_stepping by (fold a; lia). split.
  - apply stepping_formula.
  - intros large. apply count_none. intros pair _. fold a in large |- *. lia.
Qed.

Theorem theorem_13a_taps n k s d b e o :
  let a := Axis n k s d b e o in
  1 <= s -> 1 <= size a ->
  V a = Z.max 0 (F (n - 1) k s d b - F (n - 1) k s d (b + size a - s))
  /\ (s <= size a -> V a = 0).
Proof.
  intros a Hs HL. unfold a. rewrite V_W.
  assert (E : size (Axis k n d s b e o) = size a) by (unfold size, a; fields; lia).
  destruct (theorem_13a_inputs k n d s b e o Hs) as [formula large]; [lia|].
  rewrite E in *. split; [|assumption].
  rewrite formula, (F_symmetric k (n - 1)), (F_symmetric k (n - 1)). reflexivity.
Qed.

(** ** Inputs and taps reached, with what steps over *)

(** The kept pairs that have a successor along their input: what the closed form says, and those
    that it takes away twice. *)
Lemma one_tap_fewer_stepping n k s d b e o : 0 <= n -> 1 <= k ->
  overlaps (one_tap_fewer (Axis n k s d b e o))
  = n * (k - 1) - F n (k - 1) s d b - F n (k - 1) s d (e - o) + stepping n k s d b e o.
Proof.
  intros Hn Hk. unfold one_tap_fewer; fields. set (a' := Axis n (k - 1) s d b e o).
  assert (E : size a' = size (Axis n k s d b e o) - d) by (unfold size, a'; fields; lia).
  unfold stepping. rewrite <- Z.add_sub_assoc, <- E.
  destruct (Z.le_gt_cases 0 (size a')).
  - unfold a' at 1. rewrite overlaps_formula by (fold a'; lia). rewrite (count_none _ (box n (k - 1))); lia.
  - assert (F' : F n (k - 1) s d (e - o) = count (fun pair => b + size a' <=? value s d pair) (box n (k - 1))).
    { rewrite cut_at_the_end. f_equal. unfold size, a'; fields. lia. }
    rewrite F'. pose proof (length_box n (k - 1)) as total.
    pose proof (count_split (fun pair => b + size a' <=? value s d pair)
                  (fun pair => value s d pair <? b) (box n (k - 1))) as split.
    rewrite (count_ext (fun pair => (b + size a' <=? value s d pair) && negb (value s d pair <? b))
               (fun pair => negb (value s d pair <? b))) in split by lia.
    pose proof (count_negb (fun pair => value s d pair <? b) (box n (k - 1))) as negb.
    rewrite overlaps_counted, count_none by (intros pair _; unfold is_kept; lia).
    unfold F. nia.
Qed.

Lemma inputs_reached_stepping n k s d b e o : 0 <= n -> 1 <= k -> 0 <= d ->
  let a := Axis n k s d b e o in
  inputs_reached a
  = overlaps a - (n * (k - 1) - F n (k - 1) s d b - F n (k - 1) s d (e - o)) - stepping n k s d b e o.
Proof.
  intros. unfold a. rewrite inputs_by_one_tap_fewer by assumption.
  rewrite one_tap_fewer_stepping by assumption. lia.
Qed.

Lemma taps_reached_stepping n k s d b e o : 1 <= n -> 0 <= k -> 0 <= s -> 0 <= d ->
  0 <= size (Axis n k s d b e o) ->
  taps_reached (Axis n k s d b e o)
  = k - h (n - 1) k s d b - h (n - 1) k s d (e - o) - stepping k n d s b e o.
Proof.
  intros Hn Hk Hs Hd HL. rewrite <- inputs_reached_exchanged. unfold exchanged; fields.
  pose proof (overlaps_exchanged (Axis n k s d b e o)) as T. unfold exchanged in T; fields.
  rewrite inputs_reached_stepping by assumption. rewrite T.
  rewrite overlaps_formula by lia.
  rewrite !(F_symmetric k (n - 1)).
  replace n with (n - 1 + 1) at 2 3 by lia. rewrite !F_next by lia. lia.
Qed.

(** ** The bounds *)

(** lambda: the least n >= 1 from which the size is at least a dilation. *)
Definition lambda (k s d b e o : Z) : Z :=
  1 + Z.max 0 (ceiling (b + (e - o) - (k - 2) * d - 1) s).

Definition beta (k s d b e o : Z) : Z :=
  if 2 <=? k
  then let n := lambda k s d b e o - 1 in n + Z.b2z (0 <? stepping n k s d b e o)
  else 0.

Definition a_star (k s d b e o : Z) : Z :=
  let n := Z.max (n_min k s d b e o) (1 + ceiling (Z.max b (e - o)) s) in
  n + Z.b2z (0 <? V (Axis n k s d b e o)).

Definition n_star_star (k s d b e o : Z) : Z :=
  Z.max (n_star k s d b e o) (Z.max (a_star k s d b e o) (beta k s d b e o)).

Lemma stepping_nonneg n k s d b e o : 0 <= stepping n k s d b e o.
Proof. apply count_nonneg. Qed.

Lemma stepping_large n k s d b e o : d <= size (Axis n k s d b e o) -> stepping n k s d b e o = 0.
Proof. intros. apply count_none. intros pair _. lia. Qed.

Section Bounds.
Variables k s d b e o : Z.
Hypothesis (Hk : 1 <= k) (Hs : 1 <= s) (Hd : 1 <= d).

Lemma n_min_size n : n_min k s d b e o <= n -> 1 <= n /\ 1 <= size (Axis n k s d b e o).
Proof.
  intros Hn. assert (1 <= n) by (unfold n_min in Hn; lia). split; [assumption|].
  now apply theorem_6a_n_min.
Qed.

(** No tap is dead exactly when none is cut away at an end and none steps over. *)
Lemma alive n : n_min k s d b e o <= n ->
  (taps_reached (Axis n k s d b e o) = k
   <-> 1 + ceiling (Z.max b (e - o)) s <= n /\ stepping k n d s b e o = 0).
Proof.
  intros Hn. destruct (n_min_size n Hn) as [Hn1 HL].
  rewrite taps_reached_stepping by lia.
  pose proof (h_nonneg (n - 1) k s d b). pose proof (h_nonneg (n - 1) k s d (e - o)).
  pose proof (stepping_nonneg k n d s b e o).
  pose proof (ceiling_spec (Z.max b (e - o)) s (n - 1) ltac:(lia)) as spec. split.
  - intros E. pose proof (h_positive (n - 1) k s d b Hk). pose proof (h_positive (n - 1) k s d (e - o) Hk). lia.
  - intros [? E]. rewrite E, !h_zero by lia. lia.
Qed.

Lemma V_stepping n : n_min k s d b e o <= n -> V (Axis n k s d b e o) = stepping k n d s b e o.
Proof.
  intros Hn. destruct (n_min_size n Hn) as [Hn1 HL]. rewrite V_W. apply W_stepping; [lia|].
  pose proof (size_exchanged (Axis n k s d b e o)) as E. unfold exchanged in E; fields. lia.
Qed.

(** (c) *)
Lemma alive_from n : n_min k s d b e o <= n ->
  (taps_reached (Axis n k s d b e o) = k <-> a_star k s d b e o <= n).
Proof.
  intros Hn. rewrite alive by assumption. unfold a_star.
  set (N := Z.max (n_min k s d b e o) (1 + ceiling (Z.max b (e - o)) s)).
  rewrite V_stepping by lia. pose proof (stepping_nonneg k N d s b e o).
  destruct (Z.lt_trichotomy n N) as [lt|[->|gt]].
  - split; [lia|]. destruct (0 <? stepping k N d s b e o); cbn [Z.b2z]; lia.
  - destruct (Z.ltb_spec 0 (stepping k N d s b e o)); cbn [Z.b2z]; lia.
  - assert (zero : stepping k n d s b e o = 0).
    { apply stepping_large. destruct (n_min_size (n - 1) ltac:(lia)) as [_ HL].
      unfold size in *; fields. lia. }
    destruct (0 <? stepping k N d s b e o); cbn [Z.b2z]; lia.
Qed.

(** Two facts: (i) *)
Lemma alive_next n : n_min k s d b e o <= n -> ceiling (Z.max b (e - o)) s <= n ->
  taps_reached (Axis (n + 1) k s d b e o) = k.
Proof.
  intros Hn large. apply alive; [lia|]. split; [lia|]. apply stepping_large.
  destruct (n_min_size n Hn) as [_ HL]. unfold size in *; fields. lia.
Qed.

(** (ii) *)
Lemma inputs_reached_grow n : n_min k s d b e o <= n -> ceiling (Z.max b (e - o)) s <= n ->
  inputs_reached (Axis (n + 1) k s d b e o) - inputs_reached (Axis n k s d b e o)
  = 1 - (stepping (n + 1) k s d b e o - stepping n k s d b e o).
Proof.
  intros Hn large. destruct (n_min_size n Hn) as [Hn1 HL].
  pose proof (proj2 (overlaps_grow_by_k k s d b e o Hk Hs Hd n ltac:(lia) ltac:(lia)) large) as T.
  cbv zeta beta in T. apply ceiling_spec in large; [|lia].
  rewrite !inputs_reached_stepping by lia. rewrite !F_next, !h_zero by lia. lia.
Qed.

(** As long as the size is below a dilation, the new input takes k - 1 pairs away. *)
Lemma stepping_falls n : 0 <= n -> ceiling (Z.max b (e - o)) s <= n ->
  size (Axis (n + 1) k s d b e o) <= d ->
  stepping n k s d b e o = stepping (n + 1) k s d b e o + (k - 1).
Proof.
  intros Hn large small. apply ceiling_spec in large; [|lia].
  pose proof (size_grows k s d b e o n) as L. cbv zeta beta in L.
  pose proof (one_tap_fewer_stepping n k s d b e o Hn Hk) as E.
  pose proof (one_tap_fewer_stepping (n + 1) k s d b e o ltac:(lia) Hk) as E'.
  rewrite !F_next, !h_zero in E' by lia.
  rewrite overlaps_counted, count_none in E, E'.
  - lia.
  - intros pair _. unfold is_kept, one_tap_fewer, size in *; fields. lia.
  - intros pair _. unfold is_kept, one_tap_fewer, size in *; fields. lia.
Qed.

Lemma stepping_even n : n_min k s d b e o <= n -> ceiling (Z.max b (e - o)) s <= n ->
  (stepping (n + 1) k s d b e o = stepping n k s d b e o <-> stepping n k s d b e o = 0).
Proof.
  intros Hn large. destruct (n_min_size n Hn) as [Hn1 HL].
  pose proof (stepping_nonneg (n + 1) k s d b e o).
  destruct (Z.le_gt_cases d (size (Axis (n + 1) k s d b e o))) as [long|short].
  - rewrite (stepping_large (n + 1)) by assumption. lia.
  - pose proof (stepping_falls n ltac:(lia) large ltac:(lia)).
    destruct (Z.eq_dec k 1) as [->|]; [|lia].
    unfold stepping in *. rewrite !(box_empty _ (1 - 1)) in * by lia. unfold count in *. simpl. lia.
Qed.

Lemma none_steps_over_from n : n_min k s d b e o <= n -> ceiling (Z.max b (e - o)) s <= n ->
  (stepping n k s d b e o = 0 <-> beta k s d b e o <= n).
Proof.
  intros Hn large. destruct (n_min_size n Hn) as [Hn1 HL]. unfold beta.
  destruct (Z.leb_spec 2 k) as [Hk2|Hk2].
  2:{ assert (k = 1) as -> by lia. unfold stepping. rewrite box_empty by lia. unfold count; simpl. lia. }
  assert (spec : forall m, 1 <= m -> (d <= size (Axis m k s d b e o) <-> lambda k s d b e o <= m)).
  { intros m Hm. unfold lambda, size; fields.
    pose proof (ceiling_spec (b + (e - o) - (k - 2) * d - 1) s (m - 1) ltac:(lia)). nia. }
  set (l := lambda k s d b e o) in *. cbv zeta. pose proof (stepping_nonneg (l - 1) k s d b e o).
  destruct (Z.lt_trichotomy n (l - 1)) as [lt|[->|gt]].
  - assert (size (Axis (n + 1) k s d b e o) < d).
    { apply Z.nle_gt. rewrite spec by lia. lia. }
    pose proof (stepping_falls n ltac:(lia) large ltac:(lia)).
    pose proof (stepping_nonneg (n + 1) k s d b e o).
    destruct (0 <? stepping (l - 1) k s d b e o); cbn [Z.b2z]; lia.
  - destruct (Z.ltb_spec 0 (stepping (l - 1) k s d b e o)); cbn [Z.b2z]; lia.
  - rewrite (stepping_large n) by (apply spec; lia).
    destruct (0 <? stepping (l - 1) k s d b e o); cbn [Z.b2z]; lia.
Qed.

End Bounds.

(** What one more input adds is what it adds from some point on. *)
Definition five_steps (k s d b e o n : Z) : Prop :=
  let a n := Axis n k s d b e o in
  size (a (n + 1)) - size (a n) = s
  /\ overlaps (a (n + 1)) - overlaps (a n) = k
  /\ covered (a (n + 1)) - covered (a n) = Z.min k (s / Z.gcd s d)
  /\ inputs_reached (a (n + 1)) - inputs_reached (a n) = 1
  /\ taps_reached (a (n + 1)) - taps_reached (a n) = 0.

(** (b) *)
Theorem theorem_13b_steps n k s d b e o :
  let a := Axis n k s d b e o in
  1 <= k -> 1 <= s -> 1 <= d -> n_min k s d b e o <= n ->
  (five_steps k s d b e o n <-> n_star k s d b e o <= n /\ taps_reached a = k /\ W a = 0).
Proof.
  intros a Hk Hs Hd Hn. destruct (n_min_size k s d b e o Hs n Hn) as [Hn1 HL].
  unfold a. rewrite W_stepping by lia.
  pose proof (theorem_6b_steps n k s d b e o Hk Hs Hd Hn) as three. cbv zeta beta in three.
  unfold five_steps. cbv zeta beta.
  assert (rest : n_star k s d b e o <= n ->
    (inputs_reached (Axis (n + 1) k s d b e o) - inputs_reached (Axis n k s d b e o) = 1
     <-> stepping n k s d b e o = 0)
    /\ taps_reached (Axis (n + 1) k s d b e o) = k).
  { intros large. assert (cut : ceiling (Z.max b (e - o)) s <= n) by (unfold n_star in large; lia).
    split; [|apply alive_next; assumption].
    rewrite <- stepping_even by assumption. rewrite inputs_reached_grow by assumption. lia. }
  split.
  - intros (L & T & C & I & J). assert (large : n_star k s d b e o <= n) by tauto.
    destruct (rest large) as [I' J']. split; [assumption|]. split; [lia|tauto].
  - intros (large & J & I). destruct (rest large) as [I' J'].
    destruct (proj2 three large) as (? & ? & ?). repeat split; try assumption; [tauto|lia].
Qed.

(** (c) *)
Theorem theorem_13c_alive n k s d b e o :
  1 <= k -> 1 <= s -> 1 <= d -> n_min k s d b e o <= n ->
  (taps_reached (Axis n k s d b e o) = k <-> a_star k s d b e o <= n).
Proof. intros. now apply alive_from. Qed.

(** (d) *)
Theorem theorem_13d_steps n k s d b e o :
  1 <= k -> 1 <= s -> 1 <= d -> n_min k s d b e o <= n ->
  (five_steps k s d b e o n <-> n_star_star k s d b e o <= n).
Proof.
  intros Hk Hs Hd Hn. destruct (n_min_size k s d b e o Hs n Hn) as [Hn1 HL].
  rewrite theorem_13b_steps, theorem_13c_alive, W_stepping by (assumption || lia).
  unfold n_star_star.
  assert (rest : n_star k s d b e o <= n -> (stepping n k s d b e o = 0 <-> beta k s d b e o <= n)).
  { intros large. apply none_steps_over_from; auto. unfold n_star in large. lia. }
  lia.
Qed.

(** If the five are true at n, they are true at n + 1. *)
Theorem theorem_13b_next n k s d b e o :
  1 <= k -> 1 <= s -> 1 <= d -> n_min k s d b e o <= n ->
  five_steps k s d b e o n -> five_steps k s d b e o (n + 1).
Proof. intros Hk Hs Hd Hn H. apply theorem_13d_steps in H; auto. apply theorem_13d_steps; auto; lia. Qed.

Theorem theorem_13d_least n0 k s d b e o :
  let a n := Axis n k s d b e o in
  1 <= k -> 1 <= s -> 1 <= d -> n_min k s d b e o <= n0 ->
  (affine_from n0 (fun n => size (a n)) /\ affine_from n0 (fun n => overlaps (a n))
   /\ affine_from n0 (fun n => covered (a n)) /\ affine_from n0 (fun n => inputs_reached (a n))
   /\ affine_from n0 (fun n => taps_reached (a n))
   <-> n_star_star k s d b e o <= n0).
Proof.
  intros a Hk Hs Hd Hn. rewrite !affine_steps.
  pose proof (fun n => theorem_13d_steps n k s d b e o Hk Hs Hd) as steps.
  split.
  - intros ((mL & L) & (mT & T) & (mC & C) & (mI & I) & (mJ & J)). apply steps; [assumption|].
    set (far := Z.max n0 (n_star_star k s d b e o)).
    destruct (proj2 (steps far ltac:(lia)) ltac:(lia)) as (L' & T' & C' & I' & J').
    unfold five_steps. fold (a far) (a (far + 1)) in L', T', C', I', J'. cbv zeta. fold (a n0) (a (n0 + 1)).
    rewrite L in L' |- * by lia. rewrite T in T' |- * by lia. rewrite C in C' |- * by lia.
    rewrite I in I' |- * by lia. rewrite J in J' |- * by lia. auto.
  - intros large. repeat split; eexists; intros n Hn'; apply (steps n); lia.
Qed.
