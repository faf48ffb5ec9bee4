(** Theorem 4: the coverage of one position. Theorem 5: the phases of the interior. *)

From Coq Require Import ZArith List Bool Lia ZifyBool Znumtheory.
From Proof Require Import Counting Lists Overlaps Covered.
Import ListNotations.
Open Scope Z_scope.

(** ** Overlaps and covered by position *)

(** The pairs of value v, kept or not. *)
Definition pairs_of_value (n k s d v : Z) : Z := count (fun pair => value s d pair =? v) (box n k).

(** Within the size, the coverage is the number of pairs of value y + b; outside it is 0. *)
Theorem coverage_by_value n k s d b e o y :
  let a := Axis n k s d b e o in
  coverage a y = if (0 <=? y) && (y <? size a) then pairs_of_value n k s d (y + b) else 0.
Proof.
  intros a. unfold coverage, kept_pairs. rewrite count_filter.
  destruct ((0 <=? y) && (y <? size a)) eqn:inside.
  - apply count_ext. intros pair _. unfold is_kept, output; simpl. lia.
  - apply count_none. intros pair _. unfold is_kept. lia.
Qed.

(** T is the sum of the coverage over the positions. *)
Theorem overlaps_by_position a : overlaps a = sum (coverage a) (range (size a)).
Proof.
  unfold overlaps, coverage. apply (count_by_key (output a) Z.eqb).
  - intros. lia.
  - apply NoDup_range.
  - intros pair H. apply filter_In in H as [_ H]. apply in_range. unfold is_kept in H. lia.
Qed.

(** C is the number of positions that something lands on. *)
Theorem covered_by_position a : covered a = count (fun y => 0 <? coverage a y) (range (size a)).
Proof.
  apply distinct_count; [apply NoDup_range|]. intros y. rewrite in_map_iff, in_range.
  rewrite Z.ltb_lt. unfold coverage. rewrite count_positive. split.
  - intros (pair & <- & H). split; [|exists pair; split; [assumption|lia]].
    apply filter_In in H as [_ H]. unfold is_kept in H. lia.
  - intros (_ & pair & H & E). exists pair. split; [lia|assumption].
Qed.

(** ** Theorem 4 *)

(** The least integer that is at least x / m. *)
Definition ceiling (x m : Z) : Z := - (- x / m).

Lemma floor_spec x m q : 0 < m -> (q <= x / m <-> q * m <= x).
Proof. intros. split; intros; [pose proof (Z.mul_div_le x m); nia|]. apply Z.div_le_lower_bound; lia. Qed.

Lemma ceiling_spec x m q : 0 < m -> (ceiling x m <= q <-> x <= q * m).
Proof. intros. unfold ceiling. pose proof (floor_spec (- x) m (- q)). lia. Qed.

Lemma divides_mod m x : 0 < m -> ((x mod m =? 0) = true <-> (m | x)).
Proof. intros. rewrite Z.eqb_eq. apply Z.mod_divide. lia. Qed.

(** Members of an arithmetic progression between two bounds. *)
Lemma count_progression k m c first last :
  0 < m -> 0 <= first -> last <= k - 1 ->
  count (fun t => (first <=? t) && (t <=? last) && ((t - c) mod m =? 0)) (range k)
  = Z.max 0 ((last - c) / m - (first - 1 - c) / m).
Proof.
  intros Hm Hfirst Hlast. set (below := (first - 1 - c) / m).
  rewrite <- length_range. rewrite <- (count_all (fun _ => true)) by reflexivity.
  apply (count_bijection (fun t => (t - c) / m - below - 1) (fun q => c + m * (q + below + 1)));
    try apply NoDup_range.
  - intros t H P. rewrite in_range in *.
    assert (D : (m | t - c)) by (apply divides_mod; [assumption|lia]). destruct D as [q D].
    rewrite D, Z.div_mul by lia.
    pose proof (floor_spec (last - c) m q Hm). pose proof (floor_spec (first - 1 - c) m q Hm).
    fold below in H1. repeat split; lia.
  - intros q H _. rewrite in_range in *.
    replace (c + m * (q + below + 1) - c) with ((q + below + 1) * m) by lia.
    rewrite Z.div_mul, Z_mod_mult by lia.
    pose proof (floor_spec (last - c) m (q + below + 1) Hm).
    pose proof (floor_spec (first - 1 - c) m (q + below + 1) Hm).
    fold below in H1. repeat split; lia.
Qed.

(** A tap has at most one input for a value. *)
Lemma pairs_by_tap n k s d v : 1 <= s ->
  pairs_of_value n k s d v
  = count (fun t => (0 <=? v - t * d) && (v - t * d <=? (n - 1) * s) && ((v - t * d) mod s =? 0)) (range k).
Proof.
  intros Hs. apply (count_bijection snd (fun t => ((v - t * d) / s, t)));
    try apply NoDup_box; try apply NoDup_range.
  - intros [i t] H P. rewrite in_box in H. rewrite in_range. unfold value in P; simpl in *.
    replace (v - t * d) with (i * s) by lia. rewrite Z_mod_mult, Z.div_mul by lia.
    repeat split; try lia. nia.
  - intros t H P. rewrite in_box. rewrite in_range in H. unfold value; simpl.
    assert (D : (s | v - t * d)) by (apply divides_mod; lia). destruct D as [i D].
    rewrite D, Z.div_mul by lia. rewrite D in P. repeat split; try lia; nia.
Qed.

(** tau, the tap that a value of its phase begins with. *)
Definition is_tau (s d v tau : Z) : Prop :=
  let g := Z.gcd s d in
  0 <= tau < s / g /\ (s / g | tau * (d / g) - v / g).

Lemma tau_exists s d v : 1 <= s -> 1 <= d -> exists tau, is_tau s d v tau.
Proof.
  intros Hs Hd. destruct (parts s d Hs Hd) as (Hg & Hu & Hw & _ & _ & coprime & _).
  unfold is_tau. set (g := Z.gcd s d) in *. set (u := s / g) in *. set (w := d / g) in *.
  destruct (Z.gcd_bezout u w 1 coprime) as (x & y & E).
  exists ((v / g * y) mod u). split; [apply Z.mod_pos_bound; lia|].
  exists (- (v / g * y / u * w) - v / g * x).
  rewrite Z.mod_eq by lia. generalize (v / g * y / u). intros r.
  replace ((v / g * y - u * r) * w - v / g) with (v / g * (y * w - 1) - u * r * w) by ring.
  replace (y * w - 1) with (- (x * u)) by lia. ring.
Qed.

(** The taps that lead to a whole input: those congruent to tau. *)
Lemma whole_input s d v tau t : 1 <= s -> 1 <= d ->
  (Z.gcd s d | v) -> is_tau s d v tau ->
  ((v - t * d) mod s =? 0) = ((t - tau) mod (s / Z.gcd s d) =? 0).
Proof.
  intros Hs Hd V (_ & D). destruct (parts s d Hs Hd) as (Hg & Hu & Hw & Es & Ed & coprime & _).
  set (g := Z.gcd s d) in *. set (u := s / g) in *. set (w := d / g) in *.
  destruct V as [v' ->]. rewrite Z.div_mul in D by lia. destruct D as [c D].
  apply eq_true_iff_eq. rewrite !divides_mod by lia. split.
  - intros [q E]. apply (Z.gauss u w); [|assumption]. exists (- q + - c). nia.
  - intros [q E]. exists (- c - q * w). nia.
Qed.

Lemma no_whole_input s d v t : 1 <= s -> 1 <= d ->
  ~ (Z.gcd s d | v) -> ((v - t * d) mod s =? 0) = false.
Proof.
  intros Hs Hd V. apply not_true_iff_false. rewrite divides_mod by lia. intros D. apply V.
  replace v with (v - t * d + t * d) by lia. apply Z.divide_add_r.
  - apply (Z.divide_trans _ s); [apply Z.gcd_divide_l|assumption].
  - apply Z.divide_mul_r, Z.gcd_divide_r.
Qed.

Theorem theorem_4_no_pair n k s d v : 1 <= s -> 1 <= d ->
  ~ (Z.gcd s d | v) -> pairs_of_value n k s d v = 0.
Proof.
  intros Hs Hd V. rewrite pairs_by_tap by assumption. apply count_none. intros t _.
  rewrite no_whole_input by assumption. apply andb_false_r.
Qed.

Theorem theorem_4_coverage n k s d v tau :
  let sigma := s / Z.gcd s d in
  let first := Z.max 0 (ceiling (v - (n - 1) * s) d) in
  let last := Z.min (k - 1) (v / d) in
  1 <= s -> 1 <= d -> (Z.gcd s d | v) -> is_tau s d v tau ->
  pairs_of_value n k s d v
  = Z.max 0 ((last - tau) / sigma - (first - 1 - tau) / sigma).
Proof.
  intros sigma first last Hs Hd V Ht. rewrite pairs_by_tap by assumption.
  destruct (parts s d Hs Hd) as (_ & Hu & _).
  rewrite <- (count_progression k) by lia.
  apply count_ext. intros t H. apply in_range in H.
  rewrite (whole_input s d v tau) by assumption. fold sigma.
  f_equal. pose proof (floor_spec v d t). pose proof (ceiling_spec (v - (n - 1) * s) d t). lia.
Qed.
