(** Corollaries 9, 14 and 15: an ordinary convolution is an axis. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Overlaps Coverage Affine Reached Certificates Crops.
Import ListNotations.
Open Scope Z_scope.

(** ** What an ordinary convolution reads *)

(** The outputs: the places i s at which the kernel lies within the padded input, X + b + e long. *)
Definition outputs (X k s d b e : Z) : list Z :=
  filter (fun i => i * s + (k - 1) * d <? X + b + e) (range (X + b + e)).

(** The position of the input that output i reads with tap t, if it is one: x = i s + t d - b. *)
Definition reads (s d b : Z) (pair : Z * Z) : Z := fst pair * s + snd pair * d - b.

(** The pairs of an output and a tap that read an element of the input. *)
Definition pairs_that_read (X k s d b e : Z) : list (Z * Z) :=
  filter (fun pair => (0 <=? reads s d b pair) && (reads s d b pair <? X))
    (list_prod (outputs X k s d b e) (range k)).

Lemma filter_all {A} (p : A -> bool) l : (forall x, In x l -> p x = true) -> filter p l = l.
Proof.
  intros all. induction l as [|x l IH]; [reflexivity|].
  cbn [filter]. rewrite (all x) by now left. f_equal. apply IH. intros. apply all. now right.
Qed.

Lemma filter_none {A} (p : A -> bool) l : (forall x, In x l -> p x = false) -> filter p l = [].
Proof.
  intros none. induction l as [|x l IH]; [reflexivity|].
  cbn [filter]. rewrite (none x) by now left. apply IH. intros. apply none. now right.
Qed.

Lemma filter_below (x n : Z) : 0 <= x <= n -> filter (fun i => i <? x) (range n) = range x.
Proof.
  intros H. unfold range. rewrite <- (Z2Nat.id x) by lia.
  assert (le : (Z.to_nat x <= Z.to_nat n)%nat) by lia. rewrite Nat2Z.id.
  revert le. generalize (Z.to_nat x), (Z.to_nat n). clear. intros x n le.
  replace n with (x + (n - x))%nat by lia. rewrite seq_app, map_app, filter_app.
  rewrite filter_all, filter_none, app_nil_r; [reflexivity| |];
    intros i H; apply in_map_iff in H as (j & <- & H); apply in_seq in H; lia.
Qed.

(** Their number is the floor that PyTorch's documentation has. *)
Definition output_number (X k s d b e : Z) : Z := (X + b + e - d * (k - 1) - 1) / s + 1.
Definition residue (X k s d b e : Z) : Z := (X + b + e - d * (k - 1) - 1) mod s.

Lemma outputs_range X k s d b e :
  1 <= k -> 1 <= s -> 1 <= d -> 0 <= X + b + e - d * (k - 1) - 1 ->
  outputs X k s d b e = range (output_number X k s d b e).
Proof.
  intros Hk Hs Hd H. unfold outputs, output_number. set (room := X + b + e - d * (k - 1) - 1) in *.
  rewrite (filter_ext_in _ (fun i => i <? room / s + 1)).
  - apply filter_below. split; [pose proof (Z.div_pos room s); lia|].
    assert (room / s <= room) by (apply Z.div_le_upper_bound; nia). unfold room in *. nia.
  - intros i Hi. pose proof (floor_spec room s i ltac:(lia)). unfold room in *. lia.
Qed.

(** The axis of an ordinary convolution. *)
Definition ordinary (X k s d b e : Z) : axis :=
  Axis (output_number X k s d b e) k s d b e (residue X k s d b e).

Theorem corollary_9_ordinary X k s d b e :
  let a := ordinary X k s d b e in
  1 <= k -> 1 <= s -> 1 <= d -> 0 <= X + b + e - d * (k - 1) - 1 ->
  size a = X
  /\ Z.of_nat (length (outputs X k s d b e)) = inputs a /\ 1 <= inputs a
  /\ kept_pairs a = pairs_that_read X k s d b e
  /\ (forall pair, output a pair = reads s d b pair)
  /\ 0 <= output_padding a < s.
Proof.
  intros a Hk Hs Hd H.
  assert (L : size a = X).
  { unfold size, a, ordinary, output_number, residue; fields.
    rewrite Z.mod_eq by lia. lia. }
  pose proof (Z.div_pos _ s H ltac:(lia)) as positive.
  split; [exact L|]. split.
  { rewrite outputs_range by assumption. rewrite length_range.
    unfold a, ordinary; fields. unfold output_number in *. lia. }
  split; [unfold a, ordinary; fields; unfold output_number; lia|].
  split.
  { unfold kept_pairs, pairs_that_read. rewrite outputs_range by assumption.
    apply filter_ext. intros pair. unfold is_kept. rewrite L.
    reflexivity. }
  split; [reflexivity|].
  unfold a, ordinary; fields. apply Z.mod_pos_bound. lia.
Qed.

(** PyTorch's padding="same" has as many outputs as inputs. *)
Theorem same_padding X k d :
  let b := d * (k - 1) / 2 in
  let e := d * (k - 1) - b in
  output_number X k 1 d b e = X /\ b <= e <= b + 1.
Proof.
  intros b e. unfold output_number. rewrite Z.div_1_r. split; [lia|].
  unfold e, b. pose proof (Z.div_mod (d * (k - 1)) 2). pose proof (Z.mod_pos_bound (d * (k - 1)) 2). lia.
Qed.

(** ** Corollary 14 of ordinary convolutions *)

Lemma ordinary_less_padding X k s d p : 1 <= s ->
  let n := output_number X k s d p p in
  let o := residue X k s d p p in
  ordinary X k s d p p = padded n k s d p o
  /\ ordinary X k s d (p - s) (p - s) = padded (n - 2) k s d (p - s) o.
Proof.
  intros Hs n o. split; [reflexivity|]. unfold ordinary, padded, n, o, output_number, residue.
  replace (X + (p - s) + (p - s) - d * (k - 1) - 1)
    with (X + p + p - d * (k - 1) - 1 + (-2) * s) by lia.
  rewrite Z.div_add, Z_mod_plus_full by lia. f_equal. lia.
Qed.

Theorem corollary_14_ordinary X k s d p :
  1 <= X -> 1 <= k -> 1 <= s -> 1 <= d -> 0 <= X + p + p - d * (k - 1) - 1 ->
  padding_bound k s d (residue X k s d p p) <= p ->
  0 <= p - s
  /\ corresponding 1 (ordinary X k s d p p) (ordinary X k s d (p - s) (p - s)).
Proof.
  intros HX Hk Hs Hd H HB. destruct (ordinary_less_padding X k s d p Hs) as [E E'].
  destruct (corollary_9_ordinary X k s d p p Hk Hs Hd H) as (L & _ & Hn & _ & _ & Ho).
  rewrite E, E'. apply corollary_8c_step; [fields; exact (proj1 Ho)| |exact HB].
  rewrite <- E. unfold legal, proper. rewrite L. unfold ordinary in Hn |- *; fields. lia.
Qed.

(** ** Corollary 15 *)

(** A legal ordinary convolution has an input and an output. *)
Definition legal_input (X k s d b e : Z) : Prop := 1 <= X /\ 1 <= output_number X k s d b e.

Lemma output_number_room X k s d b e : 1 <= s ->
  (1 <= output_number X k s d b e <-> 0 <= X + b + e - d * (k - 1) - 1).
Proof.
  intros Hs. unfold output_number. pose proof (floor_spec (X + b + e - d * (k - 1) - 1) s 0 ltac:(lia)). lia.
Qed.

Lemma size_ordinary X k s d b e : 1 <= s -> size (ordinary X k s d b e) = X.
Proof. intros. unfold size, ordinary, output_number, residue; fields. rewrite Z.mod_eq by lia. lia. Qed.

Lemma ordinary_of_axis n k s d b e r : 1 <= s -> 0 <= r < s ->
  let X := size (Axis n k s d b e r) in
  output_number X k s d b e = n /\ residue X k s d b e = r.
Proof.
  intros Hs Hr X. unfold output_number, residue.
  replace (X + b + e - d * (k - 1) - 1) with (r + (n - 1) * s) by (unfold X, size; fields; lia).
  rewrite Z.div_add, Z.mod_add, Z.div_small, Z.mod_small by lia. lia.
Qed.

(** (a) The legal input sizes of a residue r are the sizes of the axes with output padding r. *)
Theorem corollary_15a_sizes X k s d b e r :
  1 <= s -> 0 <= r < s ->
  (legal_input X k s d b e /\ residue X k s d b e = r
   <-> exists n, n_min k s d b e r <= n /\ X = size (Axis n k s d b e r))
  /\ (forall n, X = size (Axis n k s d b e r) -> output_number X k s d b e = n)
  /\ (forall n, size (Axis (n + 1) k s d b e r) = size (Axis n k s d b e r) + s).
Proof.
  intros Hs Hr. split; [|split].
  - split.
    + intros ((HX & Hn) & <-). exists (output_number X k s d b e).
      change (Axis _ _ _ _ _ _ _) with (ordinary X k s d b e). rewrite size_ordinary by assumption.
      split; [|reflexivity]. apply theorem_6a_n_min; [assumption|assumption|].
      change (Axis _ _ _ _ _ _ _) with (ordinary X k s d b e). rewrite size_ordinary; assumption.
    + intros (n & Hn & ->). destruct (n_min_size k s d b e r Hs n Hn) as [Hn1 HL].
      destruct (ordinary_of_axis n k s d b e r Hs Hr) as [E E'].
      unfold legal_input. rewrite E, E'. auto.
  - intros n ->. apply ordinary_of_axis; assumption.
  - intros n. unfold size; fields. lia.
Qed.

(** X*: the least input size from which [least], a number of outputs for each residue, is reached. *)
Definition input_from (least : Z -> Z) (k s d b e : Z) : Z :=
  1 + fold_right Z.max 0 (map (fun r => size (Axis (least r - 1) k s d b e r)) (range s)).

Lemma fold_max l x : In x l -> x <= fold_right Z.max 0 l.
Proof. induction l as [|y l IH]; simpl; [intros []|]. intros [->|H]; [|specialize (IH H)]; lia. Qed.

Lemma fold_max_in l : fold_right Z.max 0 l = 0 \/ In (fold_right Z.max 0 l) l.
Proof.
  induction l as [|y l IH]; simpl; [now left|].
  destruct (Z.max_spec y (fold_right Z.max 0 l)) as [[_ ->]|[_ ->]]; [|auto].
  destruct IH; auto.
Qed.

Section Thresholds.
Variables k s d b e : Z.
Hypothesis (Hs : 1 <= s).
Variable least : Z -> Z.
Hypothesis least_legal : forall r, 0 <= r < s -> n_min k s d b e r <= least r.

(** From X* on all input sizes are legal, and each has enough outputs; just below it one has not. *)
Lemma enough_outputs X : input_from least k s d b e <= X ->
  legal_input X k s d b e /\ least (residue X k s d b e) <= output_number X k s d b e.
Proof.
  intros HX. unfold input_from in HX. set (top := fold_right _ _ _) in HX.
  assert (above : forall r, 0 <= r < s -> size (Axis (least r - 1) k s d b e r) <= top).
  { intros r Hr. apply fold_max. apply in_map_iff. exists r. rewrite in_range. auto. }
  assert (top0 : 0 <= top).
  { unfold top. clear. induction (map _ _); simpl; lia. }
  assert (Hr : 0 <= residue X k s d b e < s) by (apply Z.mod_pos_bound; lia).
  assert (Hl : legal_input X k s d b e).
  { split; [lia|]. apply output_number_room; [assumption|].
    pose proof (above (s - 1) ltac:(lia)) as A. pose proof (least_legal (s - 1) ltac:(lia)) as B.
    unfold n_min in B. unfold size in A; fields. nia. }
  split; [assumption|].
  pose proof (above _ Hr) as A. pose proof (size_ordinary X k s d b e Hs) as E.
  unfold ordinary in E. unfold size in A, E; fields. nia.
Qed.

Lemma not_enough_below :
  let X := input_from least k s d b e - 1 in
  legal_input X k s d b e ->
  output_number X k s d b e = least (residue X k s d b e) - 1
  /\ n_min k s d b e (residue X k s d b e) <= output_number X k s d b e.
Proof.
  intros X (HX & Hn).
  assert (Hr : 0 <= residue X k s d b e < s) by (apply Z.mod_pos_bound; lia).
  split.
  - unfold X, input_from in *. set (l := map _ _) in *.
    replace (1 + fold_right Z.max 0 l - 1) with (fold_right Z.max 0 l) in * by lia.
    destruct (fold_max_in l) as [E|H]; [lia|].
    unfold l in H at 2. apply in_map_iff in H as (r & E & Hr'). apply in_range in Hr'.
    destruct (ordinary_of_axis (least r - 1) k s d b e r Hs Hr') as [E1 E2].
    rewrite <- E. rewrite E1, E2. reflexivity.
  - apply theorem_6a_n_min; [assumption|assumption|].
    change (Axis _ _ _ _ _ _ _) with (ordinary X k s d b e). rewrite size_ordinary; assumption.
Qed.
End Thresholds.

(** (b) *)
Theorem corollary_15b_even k s d b e :
  let X_star := input_from (n_star_star k s d b e) k s d b e in
  let even X := five_steps k s d b e (residue X k s d b e) (output_number X k s d b e) in
  1 <= k -> 1 <= s -> 1 <= d ->
  (forall X, X_star <= X -> legal_input X k s d b e /\ even X)
  /\ (legal_input (X_star - 1) k s d b e -> ~ even (X_star - 1)).
Proof.
  intros X_star even Hk Hs Hd.
  assert (least_legal : forall r, 0 <= r < s -> n_min k s d b e r <= n_star_star k s d b e r).
  { intros r _. unfold n_star_star, n_star. lia. }
  split.
  - intros X HX. destruct (enough_outputs k s d b e Hs _ least_legal X HX) as [Hl enough].
    split; [assumption|]. apply theorem_13d_steps; auto.
    pose proof (least_legal (residue X k s d b e) ltac:(apply Z.mod_pos_bound; lia)).
    apply theorem_6a_n_min; [assumption|apply Hl|].
    change (Axis _ _ _ _ _ _ _) with (ordinary X k s d b e). rewrite size_ordinary by assumption. apply Hl.
  - intros Hl H. destruct (not_enough_below k s d b e Hs _ Hl) as [E Hn].
    apply theorem_13d_steps in H; auto. unfold X_star in H. lia.
Qed.

(** What the five steps say of the input: s more of it are one more output, of the same residue. *)
Theorem corollary_15b_next X k s d b e : 1 <= s ->
  output_number (X + s) k s d b e = output_number X k s d b e + 1
  /\ residue (X + s) k s d b e = residue X k s d b e.
Proof.
  intros Hs. unfold output_number, residue.
  replace (X + s + b + e - d * (k - 1) - 1) with (X + b + e - d * (k - 1) - 1 + 1 * s) by lia.
  rewrite Z.div_add, Z.mod_add by lia. lia.
Qed.

(** (c) *)
Theorem corollary_15c_alive k s d b e :
  let X_alive := input_from (a_star k s d b e) k s d b e in
  let alive X := taps_reached (ordinary X k s d b e) = k in
  1 <= k -> 1 <= s -> 1 <= d ->
  (forall X, X_alive <= X -> legal_input X k s d b e /\ alive X)
  /\ (legal_input (X_alive - 1) k s d b e -> ~ alive (X_alive - 1)).
Proof.
  intros X_alive alive Hk Hs Hd.
  assert (least_legal : forall r, 0 <= r < s -> n_min k s d b e r <= a_star k s d b e r).
  { intros r _. unfold a_star. destruct (0 <? V _); cbn [Z.b2z]; lia. }
  split.
  - intros X HX. destruct (enough_outputs k s d b e Hs _ least_legal X HX) as [Hl enough].
    split; [assumption|]. apply theorem_13c_alive; auto.
    apply theorem_6a_n_min; [assumption|apply Hl|].
    change (Axis _ _ _ _ _ _ _) with (ordinary X k s d b e). rewrite size_ordinary by assumption. apply Hl.
  - intros Hl H. destruct (not_enough_below k s d b e Hs _ Hl) as [E Hn].
    apply theorem_13c_alive in H; auto. unfold X_alive in H. lia.
Qed.

(** (d) *)
Theorem corollary_15d_candidates k s d b e terms (candidate : Z -> Z) (n0 N : Z -> Z) :
  1 <= k -> 1 <= s -> 1 <= d ->
  (forall r, 0 <= r < s ->
     affine_from (n0 r) (fun n => candidate (size (Axis n k s d b e r)))
     /\ n0 r <= N r /\ n_min k s d b e r <= N r
     /\ forall c q, In (c, q) terms -> enough q (Axis 1 k s d b e r) <= N r) ->
  (forall r n, 0 <= r < s -> n_min k s d b e r <= n <= N r + 1 ->
     candidate (size (Axis n k s d b e r)) = truth terms (Axis n k s d b e r)) ->
  forall X, legal_input X k s d b e -> candidate X = truth terms (ordinary X k s d b e).
Proof.
  intros Hk Hs Hd proved same X Hl. set (r := residue X k s d b e).
  assert (Hr : 0 <= r < s) by (apply Z.mod_pos_bound; lia).
  destruct (proved r Hr) as (affine & le & le' & large).
  rewrite <- (size_ordinary X k s d b e Hs) at 1.
  apply (corollary_6_1_one_axis (Axis 1 k s d b e r) terms
           (fun n => candidate (size (Axis n k s d b e r))) (n0 r) (N r));
    try assumption.
  - unfold fixed_proper; fields. auto.
  - intros n Hn. apply same; assumption.
  - apply theorem_6a_n_min; [assumption|apply Hl|].
    change (Axis _ _ _ _ _ _ _) with (ordinary X k s d b e). rewrite size_ordinary by assumption. apply Hl.
Qed.
