(** The code of maps.py and phases.py: the coverage of a position, and the phases. *)

From Coq Require Import ZArith List Bool Lia ZifyBool Znumtheory.
From Proof Require Import Counting Lists Overlaps FloorSum Covered Coverage Phases.
From Proof Require Import Python CodeFloorSum CodeAxis.
From Proof Require Code.
Import ListNotations.
Open Scope Z_scope.

(** ** Inverses *)

Lemma inverse_spec a m : inverse_runs a m ->
  0 <= inverse a m < m /\ (m | a * inverse a m - 1).
Proof.
  intros [Hm coprime].
  assert (spec : forall x, (a * x) mod m =? 1 mod m = true <-> (m | a * x - 1)).
  { intros x. rewrite Z.eqb_eq. split.
    - intros same. exists (a * x / m - 1 / m).
      pose proof (Z.div_mod (a * x) m). pose proof (Z.div_mod 1 m). lia.
    - intros [q E]. replace (a * x) with (1 + q * m) by lia. apply Z.mod_add. lia. }
  destruct (Z.gcd_bezout a m 1 coprime) as (x & y & E).
  assert (member : In (inverse a m) (filter (fun x => (a * x) mod m =? 1 mod m) (range m))).
  { unfold inverse. destruct (filter _ _) as [|z l] eqn:empty; [|now left]. exfalso.
    apply (in_nil (a := x mod m)). rewrite <- empty. apply filter_In.
    split; [apply in_range, Z.mod_pos_bound; lia|]. apply spec.
    exists (- y - a * (x / m)). rewrite Z.mod_eq by lia. lia. }
  apply filter_In in member as [inside H]. apply in_range in inside. now apply spec in H.
Qed.

(** ** Theorem 4 *)

Theorem reach_counts n k s d b e o y :
  Code.reach (Axis n k s d b e o) y
  = (Z.max 0 (ceiling (y + b - (n - 1) * s) d), Z.min (k - 1) ((y + b) / d)).
Proof.
  unfold Code.reach, ceiling. cbv zeta. f_equal; [|lia]. do 4 f_equal. lia.
Qed.

Theorem reach_runs a y : 1 <= dilation a -> Code.reach_runs a y.
Proof. destruct a. trivial. Qed.

(** c(y), and 0 where nothing lands. *)
Theorem at_counts_pairs a y : proper a ->
  Code.at_ a y = pairs_of_value (inputs a) (taps a) (stride a) (dilation a) (y + begin_crop a).
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & Hs & Hd). fields.
  destruct (parts s d Hs Hd) as (Hg & Hu & Hw & Es & Ed & coprime & _).
  unfold Code.at_. cbn [begin_crop stride dilation]. cbv zeta. rewrite reach_counts.
  destruct ((y + b) mod Z.gcd s d =? 0) eqn:D; cbn [negb].
  - apply divides_mod in D; [|lia]. set (tau := _ mod _).
    rewrite (theorem_4_coverage n k s d (y + b) tau); auto.
    destruct (inverse_spec (d / Z.gcd s d) (s / Z.gcd s d)) as [_ [q E]].
    { split; [assumption|]. now rewrite Z.gcd_comm. }
    split; [apply Z.mod_pos_bound; lia|]. unfold tau. rewrite Z.mod_eq by lia.
    set (v := (y + b) / _) in *. set (u := s / _) in *. set (w := d / _) in *.
    set (x := inverse w u) in *. exists (v * q - v * x / u * w).
    assert (v * (w * x) = v * (1 + q * u)) by (f_equal; lia). lia.
  - symmetry. apply theorem_4_no_pair; auto. rewrite <- divides_mod by lia. lia.
Qed.

Theorem at_counts a y : proper a -> 0 <= y < size a -> Code.at_ a y = coverage a y.
Proof.
  intros. rewrite at_counts_pairs by assumption. destruct a as [n k s d b e o]. simpl.
  rewrite coverage_by_value. replace (_ && _) with true by lia. reflexivity.
Qed.

Theorem at_runs a y : proper a -> Code.at__runs a y.
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & Hs & Hd). fields.
  destruct (parts s d Hs Hd) as (Hg & Hu & Hw & Es & Ed & coprime & _).
  unfold Code.at__runs. cbn [begin_crop stride dilation]. cbv zeta. rewrite reach_counts.
  split; [assumption|]. destruct (negb _); [exact I|].
  repeat split; try assumption. now rewrite Z.gcd_comm.
Qed.

(** The input that lands on y with a tap, if one does. *)
Theorem met_counts a y i t : 1 <= stride a ->
  Code.met a y t = (i, 0) <-> output a (i, t) = y.
Proof.
  intros. destruct a as [n k s d b e o]. unfold Code.met, output, value; fields.
  split; intros E.
  - injection E as E Z. pose proof (Z.div_mod (y + b - t * d) s). lia.
  - replace (y + b - t * d) with (i * s) by lia. now rewrite Z.div_mul, Z.mod_mul by lia.
Qed.

Theorem met_runs a y t : 1 <= stride a -> Code.met_runs a y t.
Proof. trivial. Qed.

Theorem landing_counts a y : proper a ->
  Code.landing a y = pairs_of_value (inputs a) (taps a) (stride a) (dilation a) (y + begin_crop a).
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & ? & ?). fields.
  unfold Code.landing. rewrite !F_counts by lia. unfold F, pairs_of_value.
  rewrite (count_split (fun pair => value s d pair <? y + b + 1) (fun pair => value s d pair <? y + b)).
  rewrite (count_ext (fun pair => _ && (value s d pair <? y + b)) (fun pair => value s d pair <? y + b))
    by lia.
  rewrite (count_ext (fun pair => _ && negb _) (fun pair => value s d pair =? y + b)) by lia. lia.
Qed.

Theorem landing_runs a y : proper a -> Code.landing_runs a y.
Proof. destruct a. intros (? & ? & ? & ?). split; now apply F_runs. Qed.

(** ** Theorem 5 *)

Theorem shares_counts n k s d b e o :
  let a := Axis n k s d b e o in
  let q := k / (s / Z.gcd s d) in
  proper a ->
  Code.shares a =
    ((0, count (fun v => negb (v mod Z.gcd s d =? 0)) (range s)),
     (q, count (fun v => (v mod Z.gcd s d =? 0) && (phi k s d v =? q)) (range s)),
     (q + 1, count (fun v => (v mod Z.gcd s d =? 0) && (phi k s d v =? q + 1)) (range s))).
Proof.
  intros a q (? & ? & Hs & Hd). fields. destruct (parts s d Hs Hd) as (Hg & Hu & _).
  subst q. destruct (theorem_5d_phases k s d) as (-> & -> & ->); auto.
  unfold a, Code.shares; simpl. rewrite (Z.mod_eq k), (Z.mul_comm _ (k / _)) by lia. reflexivity.
Qed.

Theorem shares_runs a : proper a -> Code.shares_runs a.
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & Hs & Hd). fields.
  destruct (parts s d Hs Hd) as (Hg & Hu & _). split; assumption.
Qed.

(** The least that a phase receives, one between, and the most. *)
Theorem levels_counts a : proper a ->
  let phase := phi (taps a) (stride a) (dilation a) in
  let '(least, between, most) := Code.levels a in
  (exists v, phase v = least) /\ (exists v, phase v = between) /\ (exists v, phase v = most)
  /\ (forall v, phase v = least \/ phase v = between \/ phase v = most)
  /\ least <= between <= most.
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & Hs & Hd). cbn [inputs taps stride dilation] in *.
  destruct (parts s d Hs Hd) as (Hg & Hu & _ & Es & _).
  cbv beta iota zeta delta [Code.levels Code.shares taps stride dilation]. rewrite !positive_counts.
  destruct (theorem_5e_values k s d) as (some & none & low & high & holes); auto.
  set (g := Z.gcd s d) in *. set (u := s / g) in *. set (q := k / u) in *.
  assert (more : 0 < k - q * u <-> ~ (u | k)).
  { unfold q. rewrite <- Z.mod_divide by lia. pose proof (Z.mod_pos_bound k u).
    rewrite (Z.mod_eq k u) in * by lia. lia. }
  assert (hole : 0 < s - u <-> 1 < g) by nia.
  assert (0 <= q) by (apply Z.div_pos; lia).
  assert (cases := fun v => phi_cases k s d v). cbv zeta in cases. fold g in cases.
  assert (least : (exists v, phi k s d v = q * (1 - (if 0 <? s - u then 1 else 0)))).
  { destruct (0 <? s - u) eqn:E.
    - destruct (proj2 holes) as [v V]; [lia|]. exists v. rewrite none by assumption. lia.
    - destruct low as (v & _ & low). exists v. lia. }
  assert (most : exists v, phi k s d v = q + (if 0 <? k - q * u then 1 else 0)).
  { destruct (0 <? k - q * u) eqn:E.
    - apply high, more. lia.
    - destruct low as (v & _ & low). exists v. lia. }
  split; [assumption|]. split; [destruct low as (v & _ & low); exists v; lia|].
  split; [assumption|]. split.
  - intros v. specialize (cases v). destruct cases as [[_ [E1|E1]]|[D E1]]; auto.
    + right. right. rewrite E1. destruct (0 <? k - q * u) eqn:E; [reflexivity|].
      exfalso. apply (proj1 high (ex_intro _ v E1)). destruct (Zdivide_dec u k) as [D|D]; [assumption|]. apply more in D. lia.
    + left. rewrite E1. destruct (0 <? s - u) eqn:E; [lia|]. exfalso.
      assert (1 < g); [|lia]. apply holes. exists v. rewrite <- divides_mod by lia. lia.
  - destruct (0 <? s - u), (0 <? k - q * u); lia.
Qed.

Theorem levels_runs a : proper a -> Code.levels_runs a.
Proof. apply shares_runs. Qed.

(** What an interior position of a phase receives. *)
Theorem interior_counts a phase : proper a ->
  Code.interior a phase = phi (taps a) (stride a) (dilation a) (phase + begin_crop a).
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & Hs & Hd). fields.
  unfold Code.interior. cbn [taps dilation stride begin_crop]. cbv zeta.
  set (last := (k - 1) * d). set (v := last + _).
  pose proof (Z.mod_pos_bound (phase + b - last) s ltac:(lia)).
  assert (0 <= last) by (unfold last; nia).
  pose proof (Z.div_mod v s). pose proof (Z.mod_pos_bound v s ltac:(lia)).
  assert (0 <= v / s) by (apply Z.div_pos; lia).
  rewrite at_counts_pairs by (repeat split; simpl; lia). cbn [inputs taps stride dilation begin_crop].
  rewrite Z.add_0_r, theorem_5b_interior by (fold last; lia).
  rewrite theorem_5_phase, (theorem_5_phase k s d (phase + b)) by assumption. f_equal.
  unfold v. rewrite Z.add_mod_idemp_r by lia. f_equal. lia.
Qed.

Theorem interior_runs a phase : proper a -> Code.interior_runs a phase.
Proof.
  destruct a as [n k s d b e o]. intros (? & ? & Hs & Hd). fields.
  unfold Code.interior_runs. cbn [taps dilation stride begin_crop]. cbv zeta.
  split; [assumption|]. split; [assumption|]. apply at_runs. repeat split; simpl; try lia.
  set (v := _ + _ mod _). enough (0 <= v / s) by lia. apply Z.div_pos; [|lia].
  pose proof (Z.mod_pos_bound (phase + b - (k - 1) * d) s). unfold v. nia.
Qed.

(** Between the edges a position receives what its phase does; the innermost ones of the edges
    receive less. *)
Theorem edges_counts a y : legal a ->
  let '(begin, end_) := Code.edges a in
  let phase := phi (taps a) (stride a) (dilation a) (y + begin_crop a) in
  (begin <= y < size a - end_ -> coverage a y = phase)
  /\ (y = begin - 1 -> 0 < begin < size a -> coverage a y < phase)
  /\ (y = size a - end_ -> 0 < end_ < size a -> coverage a y < phase).
Proof.
  destruct a as [n k s d b e o]. intros ((? & ? & Hs & Hd) & HL).
  unfold Code.edges. cbn [inputs taps stride dilation begin_crop end_crop output_padding] in *.
  cbv zeta. rewrite size_counts, coverage_by_value. set (L := size _) in *.
  assert (EL : L = (n - 1) * s + (k - 1) * d + 1 - b - e + o) by reflexivity.
  repeat split.
  - intros inside. replace (_ && _) with true by lia. apply theorem_5b_interior; lia.
  - intros -> inner. replace (_ && _) with true by lia.
    match goal with |- pairs_of_value _ _ _ _ ?v < _ => replace v with ((k - 1) * d - s) by lia end.
    now apply theorem_5c_sharp_begin.
  - intros -> inner. replace (_ && _) with true by lia.
    match goal with |- pairs_of_value _ _ _ _ ?v < _ => replace v with (n * s) by lia end.
    now apply theorem_5c_sharp_end.
Qed.

Theorem interior_size_counts a : legal a ->
  let '(begin, end_) := Code.edges a in
  Code.interior_size a
  = count (fun y => (begin <=? y) && (y <? size a - end_)) (range (size a)).
Proof.
  intros [_ HL]. unfold Code.interior_size. destruct (Code.edges a) as [begin end_] eqn:E.
  assert (0 <= begin /\ 0 <= end_).
  { unfold Code.edges in E. rewrite size_counts in E. injection E as <- <-. lia. }
  rewrite size_counts. set (stop := size a - end_).
  pose proof (count_split (fun y => y <? stop) (fun y => y <? begin) (range (size a))) as split.
  rewrite (count_ext (fun y => (y <? stop) && (y <? begin)) (fun y => y <? Z.min stop begin))
    in split by lia.
  rewrite (count_ext (fun y => (y <? stop) && negb _) (fun y => (begin <=? y) && (y <? stop)))
    in split by lia.
  rewrite !count_below in split. lia.
Qed.

Theorem missing_counts a :
  Code.missing a = Z.max (stride a - Code.interior_size a) 0.
Proof. reflexivity. Qed.

(** ** The ordinary convolution *)

Theorem taps_read_counts a i : 0 <= taps a -> 1 <= dilation a -> 1 <= size a ->
  Code.taps_read a i = count (fun t => is_kept a (i, t)) (range (taps a)).
Proof.
  intros Hk Hd HL. unfold Code.taps_read. cbv zeta. rewrite size_counts.
  set (below := begin_crop a - i * stride a). set (until := below + size a).
  set (k := taps a) in *. set (d := dilation a) in *.
  change (- (- below / d)) with (ceiling below d). change (- (- until / d)) with (ceiling until d).
  assert (order : ceiling below d <= ceiling until d).
  { apply ceiling_spec; [lia|]. pose proof (ceiling_spec until d (ceiling until d)). lia. }
  assert (kept : forall t, is_kept a (i, t) = (ceiling below d <=? t) && (t <? ceiling until d)).
  { intros t. unfold is_kept, output, value. fields. fold d.
    pose proof (ceiling_spec below d t). pose proof (ceiling_spec until d t). lia. }
  rewrite (count_ext _ _ _ (fun t _ => kept t)).
  pose proof (count_split (fun t => t <? ceiling until d) (fun t => t <? ceiling below d) (range k)) as split.
  rewrite (count_ext (fun t => (t <? ceiling until d) && (t <? ceiling below d))
             (fun t => t <? ceiling below d)) in split by lia.
  rewrite (count_ext (fun t => (t <? ceiling until d) && negb _)
             (fun t => (ceiling below d <=? t) && (t <? ceiling until d))) in split by lia.
  rewrite !count_below in split. lia.
Qed.

Theorem taps_read_runs a i : 1 <= dilation a -> Code.taps_read_runs a i.
Proof. now split. Qed.

Theorem has_interior_counts a :
  Code.has_interior a = true <-> stride a <= Code.interior_size a.
Proof.
  unfold Code.has_interior, Code.missing. destruct (_ =? 0) eqn:E; cbn [negb]; lia.
Qed.

Lemma sum_of_at_most_one {A} (f : A -> Z) l :
  (forall x, f x <= 1) -> sum f l <= Z.of_nat (length l).
Proof.
  intros few. induction l as [|x l IH]; cbn [sum length]; [lia|]. specialize (few x). lia.
Qed.

(** A value has one pair an input at the most. *)
Lemma pairs_by_input n k s d v : 0 <= n -> 1 <= d -> pairs_of_value n k s d v <= n.
Proof.
  intros. unfold pairs_of_value, box. rewrite count_prod.
  apply Z.le_trans with (Z.of_nat (length (range n))); [|rewrite length_range; lia].
  apply sum_of_at_most_one. intros i. change 1 with (count (fun _ => true) (range 1)).
  apply (count_injection (fun _ => 0)); [apply NoDup_range| |].
  - intros j _ _. split; [apply in_range; lia|reflexivity].
  - intros j j' _ E _ E' _. unfold value in *. cbn [fst snd] in *. nia.
Qed.

(** No position receives more. *)
Theorem largest_counts a y : legal a -> coverage a y <= Code.largest a.
Proof.
  intros [proper_a HL]. pose proof (levels_counts a proper_a) as levels. unfold Code.largest.
  destruct (Code.levels a) as [[least between] most].
  destruct levels as ((w & E) & _ & _ & all & order).
  destruct a as [n k s d b e o]. destruct proper_a as (? & ? & ? & ?). fields.
  specialize (all (y + b)). pose proof (theorem_5a_at_most_phi n k s d (y + b) ltac:(lia)).
  pose proof (pairs_by_input n k s d (y + b) ltac:(lia) ltac:(lia)).
  assert (0 <= phi k s d w) by apply count_nonneg.
  rewrite coverage_by_value. destruct (_ && _); lia.
Qed.

(** Some position of an interior does, if there is one. *)
Theorem largest_attained a : legal a -> stride a <= Code.interior_size a ->
  exists y, 0 <= y < size a /\ coverage a y = Code.largest a.
Proof.
  intros legal_a long. pose proof (proj1 legal_a) as proper_a.
  pose proof (fun y => largest_counts a y legal_a) as most_of_all. revert most_of_all.
  pose proof (levels_counts a proper_a) as levels. pose proof (fun y => edges_counts a y legal_a) as edges.
  unfold Code.largest, Code.interior_size in *. rewrite size_counts in long.
  destruct (Code.levels a) as [[least between] most].
  destruct levels as (_ & _ & (v & E) & _).
  destruct (Code.edges a) as [begin end_] eqn:parts.
  assert (0 <= begin /\ 0 <= end_).
  { unfold Code.edges in parts. rewrite size_counts in parts. destruct legal_a as [_ HL].
    injection parts as <- <-. lia. }
  intros most_of_all. destruct a as [n k s d b e o]. destruct proper_a as (? & ? & Hs & ?). fields.
  set (y := begin + (v - b - begin) mod s).
  pose proof (Z.mod_pos_bound (v - b - begin) s ltac:(lia)).
  exists y. split; [lia|]. destruct (edges y) as (inside & _).
  assert (same : phi k s d (y + b) = most).
  { rewrite <- E, theorem_5_phase, (theorem_5_phase k s d v) by assumption. f_equal. unfold y.
    replace (begin + (v - b - begin) mod s + b) with (begin + b + (v - b - begin) mod s) by lia.
    rewrite Z.add_mod_idemp_r by lia. f_equal. lia. }
  rewrite inside, same by lia. specialize (most_of_all y). rewrite inside, same in most_of_all by lia. lia.
Qed.

Theorem largest_runs a : proper a -> Code.largest_runs a.
Proof. apply shares_runs. Qed.
