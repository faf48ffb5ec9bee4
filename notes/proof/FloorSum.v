(** Theorem 3: F is a floor sum. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Overlaps.
Import ListNotations.
Open Scope Z_scope.

(** ** Sums and counts over ranges *)

Lemma sum_split {f : Z -> Z} m n : 0 <= m -> 0 <= n ->
  sum f (range (m + n)) = sum f (range m) + sum (fun i => f (m + i)) (range n).
Proof.
  intros Hm. revert n. apply natlike_ind.
  - rewrite Z.add_0_r. rewrite (range_empty 0) by lia. simpl. lia.
  - intros n Hn IH. unfold Z.succ. rewrite Z.add_assoc, !range_next by lia.
    rewrite !sum_app, IH. simpl. lia.
Qed.

Lemma sum_next {f : Z -> Z} n : 0 <= n -> sum f (range (n + 1)) = sum f (range n) + f n.
Proof. intros. rewrite range_next, sum_app by assumption. simpl. lia. Qed.

(** From the last to the first. *)
Lemma sum_reversed {f : Z -> Z} n : sum f (range n) = sum (fun i => f (n - 1 - i)) (range n).
Proof.
  destruct (Z.le_gt_cases n 0) as [?|H]; [now rewrite range_empty|].
  assert (0 <= n) as Hn by lia. clear H. revert n Hn. apply natlike_ind; [reflexivity|].
  intros n Hn IH. unfold Z.succ. rewrite sum_next by assumption.
  rewrite (Z.add_comm n 1), sum_split by lia. change (range 1) with [0]. cbn [sum].
  rewrite IH. replace (1 + n - 1 - 0) with n by lia.
  rewrite (sum_ext (fun i => f (1 + n - 1 - (1 + i))) (fun i => f (n - 1 - i))).
  - lia.
  - intros. f_equal. lia.
Qed.

Lemma sum_constant c n : 0 <= n -> sum (fun _ => c) (range n) = c * n.
Proof. intros. rewrite sum_const, length_range, Z.max_r by assumption. reflexivity. Qed.

(** The members of [0, n) below a number. *)
Lemma count_below x n : count (fun i => i <? x) (range n) = Z.max 0 (Z.min x n).
Proof.
  destruct (Z.le_gt_cases n 0) as [?|H]; [rewrite range_empty by lia; rewrite count_nil; lia|].
  assert (0 <= n) as Hn by lia. clear H. revert n Hn. apply natlike_ind.
  - rewrite range_empty by lia. rewrite count_nil. lia.
  - intros n Hn IH. unfold Z.succ. rewrite range_next, count_app, IH, count_cons, count_nil by lia.
    unfold Z.b2z. destruct (n <? x) eqn:E; lia.
Qed.

(** ** Division *)

(** j m <= x exactly when j <= x/m. *)
Lemma below_quotient j m x : 1 <= m -> (j * m <= x <-> j <= x / m).
Proof.
  intros. split; intros.
  - apply Z.div_le_lower_bound; lia.
  - pose proof (Z.mul_div_le x m). nia.
Qed.

(** ** Theorem 3 (b), (c) *)

(** S(n, m, a, b). *)
Definition floors (n m a b : Z) : Z := sum (fun i => (a * i + b) / m) (range n).

Lemma floors_empty n m a b : n <= 0 -> floors n m a b = 0.
Proof. intros. unfold floors. now rewrite range_empty. Qed.

Lemma sum_of_numbers n : 0 <= n -> sum (fun i => i) (range n) = n * (n - 1) / 2.
Proof.
  intros. assert (2 * sum (fun i => i) (range n) = n * (n - 1)) as <-.
  - revert n H. apply natlike_ind; [reflexivity|]. intros n Hn IH. unfold Z.succ.
    rewrite sum_next by assumption. lia.
  - rewrite Z.mul_comm, Z.div_mul by lia. reflexivity.
Qed.

(** The whole parts of slope and intercept, taken out of every term. *)
Lemma floors_whole_parts n m a b : 0 <= n -> 1 <= m ->
  floors n m a b = n * (n - 1) / 2 * (a / m) + n * (b / m) + floors n m (a mod m) (b mod m).
Proof.
  intros. unfold floors. rewrite <- sum_of_numbers by assumption.
  rewrite (sum_ext _ (fun i => (a / m * i + b / m * 1) + (a mod m * i + b mod m) / m)).
  - rewrite sum_add, sum_add, sum_scale, sum_scale, sum_constant by assumption. lia.
  - intros i _. pose proof (Z.div_mod a m). pose proof (Z.div_mod b m).
    rewrite <- Z.div_add_l by lia. f_equal. nia.
Qed.

(** The mirrored line. *)
Theorem theorem_3b n m a b : 1 <= n -> 0 <= a < m -> 0 <= b < m ->
  floors n m a b = if a =? 0 then 0 else floors ((a * n + b) / m) a m ((a * n + b) mod m).
Proof.
  intros Hn Ha Hb. destruct (a =? 0) eqn:zero.
  { unfold floors. rewrite (sum_ext _ (fun _ => 0)); [rewrite sum_constant; lia|].
    intros i _. rewrite Z.div_small; lia. }
  set (N := (a * n + b) / m). set (rest := (a * n + b) mod m).
  assert (top : a * n + b = N * m + rest) by (pose proof (Z.div_mod (a * n + b) m); lia).
  assert (Hrest : 0 <= rest < m) by (apply Z.mod_pos_bound; lia).
  assert (HN : 0 <= N) by (apply Z.div_pos; nia).
  unfold floors.
  (* Each floor is a count of j in [0, N). *)
  rewrite (sum_ext _ (fun i => sum (fun j => Z.b2z ((j + 1) * m <=? a * i + b)) (range N))).
  2:{ intros i Hi. apply in_range in Hi. rewrite sum_b2z.
      rewrite (count_ext _ (fun j => j <? (a * i + b) / m)).
      - assert (0 <= (a * i + b) / m) by (apply Z.div_pos; nia).
        assert ((a * i + b) / m <= N) by (apply Z.div_le_mono; nia).
        rewrite count_below. lia.
      - intros j _. pose proof (below_quotient (j + 1) m (a * i + b)). lia. }
  rewrite sum_swap, sum_reversed. apply sum_ext. intros j Hj. apply in_range in Hj.
  (* For each j, those i: counted from the last one they are the first ones. *)
  rewrite sum_reversed, sum_b2z, (count_ext _ (fun i => i <? (m * j + rest) / a)).
  - assert (0 <= (m * j + rest) / a) by (apply Z.div_pos; nia).
    assert ((m * j + rest) / a <= n) by (apply Z.div_le_upper_bound; nia).
    rewrite count_below. lia.
  - intros i _. pose proof (below_quotient (i + 1) a (m * j + rest)). nia.
Qed.

(** ** Theorem 3 (a) *)

(** What a row holds. *)
Lemma row i k s d t : 0 <= k -> 1 <= d ->
  count (fun j => value s d (i, j) <? t) (range k) = Z.max 0 (Z.min ((t - 1 - i * s) / d + 1) k).
Proof.
  intros. rewrite (count_ext _ (fun j => j <? (t - 1 - i * s) / d + 1)).
  - apply count_below.
  - intros j _. unfold value; simpl. pose proof (below_quotient j d (t - 1 - i * s)). lia.
Qed.

Lemma F_by_rows n k s d t : 0 <= k -> 1 <= d ->
  F n k s d t = sum (fun i => Z.max 0 (Z.min ((t - 1 - i * s) / d + 1) k)) (range n).
Proof.
  intros. unfold F, box. rewrite count_prod. apply sum_ext. intros i _. now apply row.
Qed.

Theorem theorem_3a n k s d t :
  0 <= n -> 0 <= k -> 1 <= s -> 1 <= d -> 0 <= t ->
  let A := Z.min ((t - 1) / s + 1) n in
  let W := Z.min (Z.max ((t - 1 - (k - 1) * d) / s + 1) 0) A in
  let R := A - W in
  F n k s d t = W * k + R + floors R d s (t - 1 - (A - 1) * s).
Proof.
  intros Hn Hk Hs Hd Ht A W R.
  assert (HA : 0 <= A) by (assert (-1 <= (t - 1) / s) by (apply Z.div_le_lower_bound; lia); lia).
  assert (some : forall i, i < A -> i * s <= t - 1).
  { intros i Hi. apply below_quotient; lia. }
  assert (none : forall i, A <= i < n -> t - 1 < i * s).
  { intros i Hi. pose proof (below_quotient i s (t - 1)). lia. }
  assert (whole : forall i, 0 <= i < W -> i * s <= t - 1 - (k - 1) * d).
  { intros i Hi. apply below_quotient; lia. }
  assert (partial : forall i, W <= i < A -> t - 1 - (k - 1) * d < i * s).
  { intros i Hi. pose proof (below_quotient i s (t - 1 - (k - 1) * d)). lia. }
  assert (HW : 0 <= W <= A) by lia.
  rewrite F_by_rows by assumption.
  replace n with (W + (R + (n - A))) by lia. rewrite !sum_split by lia.
  rewrite (sum_ext _ (fun _ => k)).
  2:{ intros i Hi. apply in_range in Hi. specialize (whole i Hi).
      assert (k - 1 <= (t - 1 - i * s) / d) by (apply below_quotient; lia). lia. }
  rewrite (sum_ext (fun i => Z.max 0 (Z.min ((t - 1 - (W + (R + i)) * s) / d + 1) k)) (fun _ => 0)).
  2:{ intros i Hi. apply in_range in Hi. specialize (none (W + (R + i))).
      assert ((t - 1 - (W + (R + i)) * s) / d < 0) by (apply Z.div_lt_upper_bound; nia). lia. }
  rewrite !sum_constant, sum_reversed by lia.
  rewrite (sum_ext _ (fun j => 1 + (s * j + (t - 1 - (A - 1) * s)) / d)).
  - rewrite sum_add, sum_constant by lia. unfold floors. lia.
  - intros j Hj. apply in_range in Hj. set (i := W + (R - 1 - j)).
    specialize (some i). specialize (partial i).
    replace (s * j + (t - 1 - (A - 1) * s)) with (t - 1 - i * s) by lia.
    assert (0 <= (t - 1 - i * s) / d) by (apply Z.div_pos; lia).
    assert ((t - 1 - i * s) / d < k - 1) by (apply Z.div_lt_upper_bound; lia). lia.
Qed.

(** ** Theorem 3 (e), the shortcut *)

Theorem theorem_3e n k s d t : 1 <= n -> 0 <= k -> 1 <= d -> 1 <= t <= s ->
  F n k s d t = Z.min k ((t - 1) / d + 1).
Proof.
  intros. rewrite F_by_rows by assumption. replace n with (1 + (n - 1)) by lia.
  rewrite sum_split by lia. rewrite (sum_ext (fun i => _) (fun _ => 0)) with (l := range (n - 1)).
  2:{ intros i Hi. apply in_range in Hi.
      assert ((t - 1 - (1 + i) * s) / d < 0) by (apply Z.div_lt_upper_bound; nia). lia. }
  rewrite sum_constant by lia. change (range 1) with [0]. cbn [sum].
  assert (0 <= (t - 1) / d) by (apply Z.div_pos; lia).
  replace (t - 1 - 0 * s) with (t - 1) by lia. lia.
Qed.

(** ** Theorem 3 (d), no clamps *)

(** G(t): the pairs below t of the whole quadrant; a box of t rows and columns holds them all. *)
Definition G (s d t : Z) : Z := F t t s d t.

Lemma G_below n k s d t : 1 <= s -> 1 <= d -> t <= n -> t <= k -> F n k s d t = G s d t.
Proof.
  intros. unfold G, F.
  apply (count_bijection (fun pair => pair) (fun pair => pair)); try apply NoDup_box;
    intros [i j] H3 H4; rewrite in_box in *; unfold value in *; simpl in *; repeat split; nia.
Qed.

(** The pairs with i from n on are those of the quadrant that is moved by n. *)
Lemma F_moved n m k s d t : 0 <= n -> 0 <= m ->
  F (n + m) k s d t = F n k s d t + F m k s d (t - n * s).
Proof.
  intros. unfold F, box. rewrite !count_prod, sum_split by assumption. f_equal.
  apply sum_ext. intros i _. apply count_ext. intros j _. unfold value; simpl. lia.
Qed.

Theorem theorem_3d n k s d t : 0 <= n -> 0 <= k -> 1 <= s -> 1 <= d ->
  F n k s d t = G s d t - G s d (t - n * s) - G s d (t - k * d) + G s d (t - n * s - k * d).
Proof.
  intros. set (m := Z.max 0 t).
  assert (rows : forall k' t', F n k' s d t' = F (n + m) k' s d t' - F m k' s d (t' - n * s))
    by (intros; rewrite F_moved; lia).
  assert (columns : forall n' t', F n' k s d t' = F n' (k + m) s d t' - F n' m s d (t' - k * d)).
  { intros. rewrite !(F_symmetric n'), F_moved by lia. lia. }
  rewrite columns, !rows. replace (t - k * d - n * s) with (t - n * s - k * d) by lia.
  rewrite !G_below by nia. lia.
Qed.

Theorem theorem_3d_sum s d t : 1 <= s -> 1 <= d ->
  let r := - (- t / s) in
  G s d t = if 1 <=? t then r + floors r d s (t - 1 - (r - 1) * s) else 0.
Proof.
  intros Hs Hd r. destruct (1 <=? t) eqn:positive; [|apply F_empty; lia].
  assert (Hr : r = (t - 1) / s + 1).
  { unfold r. pose proof (Z.div_mod (t - 1) s). pose proof (Z.mod_pos_bound (t - 1) s).
    rewrite <- (Z.div_unique (- t) s (- ((t - 1) / s) - 1) (s - 1 - (t - 1) mod s)); nia. }
  assert (0 <= (t - 1) / s) by (apply Z.div_pos; lia).
  assert ((t - 1) / s <= t - 1) by (apply Z.div_le_upper_bound; nia).
  unfold G. rewrite F_by_rows by lia. replace (range t) with (range (r + (t - r))) by (f_equal; lia).
  rewrite sum_split by lia. rewrite (sum_ext (fun i => _) (fun _ => 0)) with (l := range (t - r)).
  2:{ intros i Hi. apply in_range in Hi. pose proof (below_quotient (r + i) s (t - 1)).
      assert ((t - 1 - (r + i) * s) / d < 0) by (apply Z.div_lt_upper_bound; lia). lia. }
  rewrite sum_constant, sum_reversed by lia.
  rewrite (sum_ext _ (fun j => 1 + (s * j + (t - 1 - (r - 1) * s)) / d)).
  - rewrite sum_add, sum_constant by lia. unfold floors. lia.
  - intros j Hj. apply in_range in Hj. set (i := r - 1 - j).
    replace (s * j + (t - 1 - (r - 1) * s)) with (t - 1 - i * s) by lia.
    assert (i * s <= t - 1) by (apply below_quotient; lia).
    assert (0 <= (t - 1 - i * s) / d) by (apply Z.div_pos; lia).
    assert ((t - 1 - i * s) / d <= t - 1) by (apply Z.div_le_upper_bound; nia). lia.
Qed.
