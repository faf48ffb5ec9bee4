(** The code that makes the axis of an ordinary convolution. *)

From Coq Require Import ZArith List Lia.
From Proof Require Import Counting Lists Coverage Affine Reached Ordinary Python
  CodeAxis CodeAffine CodeCoverage.
From Proof Require Code.
Open Scope Z_scope.

Theorem ordinary_counts X k s d b e : 1 <= s -> Code.ordinary X k s d b e = ordinary X k s d b e.
Proof.
  intros. unfold Code.ordinary, ordinary, output_number, residue. cbv zeta.
  rewrite Z.mod_eq by lia. f_equal. lia.
Qed.

Theorem ordinary_runs X k s d b e : 1 <= s -> Code.ordinary_runs X k s d b e.
Proof. trivial. Qed.

(** As many outputs as inputs. *)
Theorem same_counts X k d :
  let (b, e) := Code.same k d in output_number X k 1 d b e = X /\ b <= e <= b + 1.
Proof. apply same_padding. Qed.

Theorem common_factor_counts a : Code.common_factor a = Z.gcd (stride a) (dilation a).
Proof. reflexivity. Qed.

(** The least input size from which every input size has [least] outputs: X* of the notes. *)
Theorem ordinary_from_counts n k s d b e o least :
  Code.ordinary_from (Axis n k s d b e o) least
  = input_from (fun r => least (Axis n k s d b e r)) k s d b e.
Proof.
  unfold Code.ordinary_from, input_from. cbv zeta. fields. rewrite map_map.
  reflexivity.
Qed.

Theorem ordinary_from_runs a least : 1 <= stride a -> Code.ordinary_from_runs a least.
Proof.
  intros Hs E. apply (f_equal (@length Z)) in E. rewrite !map_length in E.
  pose proof (length_range (stride a)). cbn [length] in E. lia.
Qed.

(** From there on the counts of an ordinary convolution are affine, by residue, and no sooner;
    or no tap is dead, and no sooner. *)
Theorem ordinary_from_right n k s d b e o : 1 <= k -> 1 <= s -> 1 <= d ->
  let a := Axis n k s d b e o in
  let even X := five_steps k s d b e (residue X k s d b e) (output_number X k s d b e) in
  let alive X := taps_reached (ordinary X k s d b e) = k in
  let from_even := Code.ordinary_from a Code.reached_affine_from in
  let from_alive := Code.ordinary_from a Code.alive_from in
  (forall X, from_even <= X -> legal_input X k s d b e /\ even X)
  /\ (legal_input (from_even - 1) k s d b e -> ~ even (from_even - 1))
  /\ (forall X, from_alive <= X -> legal_input X k s d b e /\ alive X)
  /\ (legal_input (from_alive - 1) k s d b e -> ~ alive (from_alive - 1)).
Proof.
  intros Hk Hs Hd a even alive from_even from_alive.
  assert (E : from_even = input_from (n_star_star k s d b e) k s d b e).
  { unfold from_even, a. rewrite ordinary_from_counts. unfold input_from. do 2 f_equal.
    apply map_ext. intros r. now rewrite reached_affine_from_counts. }
  assert (E' : from_alive = input_from (a_star k s d b e) k s d b e).
  { unfold from_alive, a. rewrite ordinary_from_counts. unfold input_from. do 2 f_equal.
    apply map_ext. intros r. now rewrite alive_from_counts. }
  rewrite E, E'. destruct (corollary_15b_even k s d b e Hk Hs Hd).
  destruct (corollary_15c_alive k s d b e Hk Hs Hd). auto.
Qed.

(** The coverage of an axis, position by position, or output by output. *)
Theorem along_counts a : legal a ->
  Code.along a true = map (coverage a) (range (size a))
  /\ Code.along a false
     = map (fun i => count (fun t => is_kept a (i, t)) (range (taps a))) (range (inputs a)).
Proof.
  intros [proper_a HL]. pose proof proper_a as (? & ? & ? & ?). unfold Code.along. split.
  - rewrite size_counts. apply map_ext_in. intros y H3. apply in_range in H3. now apply at_counts.
  - apply map_ext. intros i. apply taps_read_counts; lia.
Qed.

Theorem along_runs a transposed : proper a -> Code.along_runs a transposed.
Proof.
  intros proper_a. pose proof proper_a as (? & ? & ? & ?). unfold Code.along_runs.
  destruct transposed; apply Forall_forall; intros.
  - now apply at_runs.
  - now apply taps_read_runs.
Qed.

(** Dead taps. *)
Theorem dead_on_counts a : legal a -> Code.dead_on a = taps a - taps_reached a.
Proof. intros. unfold Code.dead_on. now rewrite overlaps_counts, taps_reached_counts. Qed.

Theorem dead_on_runs a : proper a -> Code.dead_on_runs a.
Proof. intros. split; [now apply overlaps_runs | now apply taps_reached_runs]. Qed.
