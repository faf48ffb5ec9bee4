(** The code of floorsum.py and of F counts what theorem 3 says. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Overlaps FloorSum Python.
From Proof Require Code.
Import ListNotations.
Open Scope Z_scope.

(** ** The loop of floor_sum *)

(** One round: the modulus and the slope make a step of Euclid's algorithm, total and sum of what
    is left do not change together. *)
Lemma one_round n m a b total : 1 <= n -> 1 <= m ->
  Code.floor_sum_round_runs (n, m, a, b, total) /\
  exists n' b' total', Code.floor_sum_round (n, m, a, b, total) = (n', a mod m, m, b', total') /\
    (a mod m = 0 -> n' <= 0) /\ total' + floors n' (a mod m) m b' = total + floors n m a b.
Proof.
  intros Hn Hm. pose proof (Z.mod_pos_bound a m). pose proof (Z.mod_pos_bound b m).
  split; [unfold Code.floor_sum_round_runs; lia|].
  unfold Code.floor_sum_round. do 3 eexists. split; [reflexivity|]. split.
  - intros ->. rewrite Z.div_small; lia.
  - rewrite (floors_whole_parts n m a b), (theorem_3b n m (a mod m) (b mod m)) by lia.
    destruct (a mod m =? 0) eqn:zero; [|lia].
    replace (a mod m) with 0 by lia. rewrite (Z.div_small (0 * n + b mod m)), floors_empty by lia. lia.
Qed.

(** The loop ends within its rounds, and total is then all of the sum. *)
Definition ends (fuel : nat) (n m a b total : Z) : Prop :=
  let state := (n, m, a, b, total) in
  loop_runs Code.floor_sum_test Code.floor_sum_round Code.floor_sum_round_runs fuel state /\
  exists n' m' a' b', loop Code.floor_sum_test Code.floor_sum_round fuel state
    = (n', m', a', b', total + floors n m a b).

Lemma ends_here fuel n m a b total : n <= 0 -> ends fuel n m a b total.
Proof.
  intros. assert (Code.floor_sum_test (n, m, a, b, total) = false) as stop
    by (unfold Code.floor_sum_test; lia).
  unfold ends. rewrite floors_empty, Z.add_0_r by lia.
  destruct fuel; cbn [loop loop_runs]; rewrite ?stop; split; auto; do 4 eexists; reflexivity.
Qed.

Lemma ends_after fuel n m a b total : 1 <= m ->
  (forall n' b' total', (a mod m = 0 -> n' <= 0) -> ends fuel n' (a mod m) m b' total') ->
  ends (S fuel) n m a b total.
Proof.
  intros Hm after. destruct (Z.le_gt_cases n 0) as [?|?]; [now apply ends_here|].
  assert (Code.floor_sum_test (n, m, a, b, total) = true) as go
    by (unfold Code.floor_sum_test; lia).
  destruct (one_round n m a b total) as (runs & n' & b' & total' & E & last & same); try lia.
  destruct (after n' b' total' last) as (more & state).
  unfold ends. cbn [loop loop_runs]. rewrite go, E, <- same. auto.
Qed.

Lemma ends_within q : forall m a n b total fuel,
  0 <= m < a -> m < 2 ^ Z.of_nat q -> (m = 0 -> n <= 0) -> (2 * q <= fuel)%nat ->
  ends fuel n m a b total.
Proof.
  induction q as [|q IH]; intros m a n b total fuel Hm small last enough.
  { apply ends_here, last. change (2 ^ Z.of_nat 0) with 1 in small. lia. }
  destruct (Z.eq_dec m 0) as [->|nonzero]; [apply ends_here; auto|].
  rewrite Nat2Z.inj_succ, Z.pow_succ_r in small by lia.
  destruct fuel as [|[|fuel]]; [lia|lia|].
  apply ends_after; [lia|]. intros n1 b1 total1 last1.
  pose proof (Z.mod_pos_bound a m). destruct (Z.eq_dec (a mod m) 0) as [zero|nonzero1];
    [apply ends_here; auto|].
  apply ends_after; [lia|]. intros n2 b2 total2 last2.
  pose proof (Z.mod_pos_bound m (a mod m)).
  apply IH; try lia; auto.
  (* m is at least the next modulus and the one after it, which is smaller *)
  assert (1 <= m / (a mod m)) by (apply Z.div_le_lower_bound; lia).
  pose proof (Z.div_mod m (a mod m)). nia.
Qed.

(** Theorem 3 (c): so many rounds. *)
Definition most_rounds (m a : Z) : Z := 3 + 2 * Z.log2 (if 1 <=? a then Z.min a m else m).

Lemma ends_in_time n m a b total fuel : 1 <= m -> most_rounds m a <= Z.of_nat fuel ->
  ends fuel n m a b total.
Proof.
  intros Hm enough. unfold most_rounds in enough. set (least := if 1 <=? a then _ else _) in enough.
  pose proof (Z.log2_nonneg least). pose proof (Z.mod_pos_bound a m).
  destruct fuel as [|fuel]; [lia|]. apply ends_after; [lia|]. intros n' b' total' last.
  apply (ends_within (Z.to_nat (Z.log2 least + 1))); try lia; auto.
  rewrite Z2Nat.id, Z.add_1_r by lia.
  assert (1 <= least) by (unfold least; destruct (1 <=? a) eqn:E; lia). pose proof (Z.log2_spec least).
  enough (a mod m <= least) by lia. unfold least. destruct (1 <=? a) eqn:E; [|lia].
  assert (a mod m <= a) by (apply Z.mod_le; lia). lia.
Qed.

Theorem floor_sum_rounds n m a b total : 1 <= m ->
  loop_runs Code.floor_sum_test Code.floor_sum_round Code.floor_sum_round_runs
    (Z.to_nat (most_rounds m a)) (n, m, a, b, total).
Proof. intros. apply ends_in_time; [assumption|]. lia. Qed.

Lemma given_rounds n m a b : 1 <= m -> most_rounds m a <= Z.of_nat (rounds [n; m; a; b; 0]).
Proof.
  intros. unfold rounds, most_rounds. cbn [fold_right].
  assert (Z.log2 (if 1 <=? a then Z.min a m else m)
    <= Z.log2 (Z.abs n + (Z.abs m + (Z.abs a + (Z.abs b + (Z.abs 0 + 0))))))
    by (apply Z.log2_le_mono; destruct (1 <=? a) eqn:E; lia).
  lia.
Qed.

Theorem floor_sum_counts n m a b : 1 <= m ->
  Code.floor_sum n m a b = sum (fun i => (a * i + b) / m) (range n).
Proof.
  intros. destruct (ends_in_time n m a b 0 _ H (given_rounds n m a b H)) as (_ & n' & m' & a' & b' & E).
  unfold Code.floor_sum. cbv zeta. rewrite E. reflexivity.
Qed.

Theorem floor_sum_runs n m a b : 1 <= m -> Code.floor_sum_runs n m a b.
Proof. intros. apply (ends_in_time n m a b 0); auto using given_rounds. Qed.

(** ** F *)

Theorem lattice_points_counts n k s d t :
  0 <= n -> 0 <= k -> 1 <= s -> 1 <= d -> 0 <= t -> Code.lattice_points n k s d t = F n k s d t.
Proof.
  intros. rewrite theorem_3a by assumption. unfold Code.lattice_points. cbv zeta.
  rewrite floor_sum_counts by assumption. fold (floors).
  assert (some : (t - 1 + s) / s = (t - 1) / s + 1) by (rewrite <- Z.div_add by lia; f_equal; lia).
  rewrite some.
  assert (whole : Z.max (t - 1 - (k - 1) * d + 2 * s) s / s - 1
    = Z.max ((t - 1 - (k - 1) * d) / s + 1) 0).
  { destruct (Z.le_gt_cases 0 (t - 1 - (k - 1) * d + s)).
    - rewrite Z.max_l, Z.div_add by lia.
      enough (-1 <= (t - 1 - (k - 1) * d) / s) by lia. apply Z.div_le_lower_bound; lia.
    - rewrite Z.max_r, Z.div_same by lia.
      enough ((t - 1 - (k - 1) * d) / s < 0) by lia. apply Z.div_lt_upper_bound; lia. }
  rewrite whole. reflexivity.
Qed.

Theorem lattice_points_runs n k s d t : 1 <= s -> 1 <= d -> Code.lattice_points_runs n k s d t.
Proof.
  intros. unfold Code.lattice_points_runs. cbv zeta. repeat split; try assumption.
  now apply floor_sum_runs.
Qed.

Theorem F_counts n k s d t : 0 <= k -> 1 <= s -> 1 <= d -> Code.F n k s d t = F n k s d t.
Proof.
  intros. unfold Code.F, Code._lattice_points.
  destruct ((t <=? 0) || (n <=? 0)) eqn:none.
  - destruct (n <=? 0) eqn:empty; [now rewrite F_empty by lia|]. now rewrite F_below by lia.
  - destruct (t <=? s) eqn:first; [now rewrite theorem_3e by lia|].
    apply lattice_points_counts; lia.
Qed.

Theorem F_runs n k s d t : 1 <= s -> 1 <= d -> Code.F_runs n k s d t.
Proof.
  intros. unfold Code.F_runs, Code._lattice_points_runs.
  destruct (_ || _), (t <=? s); auto using lattice_points_runs.
Qed.
