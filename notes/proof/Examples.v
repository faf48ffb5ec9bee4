(** The worked examples of notes/derivation.md, counted by the definitions alone. *)

From Coq Require Import ZArith List.
From Proof Require Import Counting Lists Coverage Affine Reached Ordinary Products Conventions.
Import ListNotations.
Open Scope Z_scope.

(** Size, overlaps, covered, inputs and taps reached. *)
Definition counts (a : axis) : list Z :=
  [size a; overlaps a; covered a; inputs_reached a; taps_reached a].
Definition coverage_map (a : axis) : list Z := map (coverage a) (range (size a)).

(** Setting *)
Example setting : coverage_map (Axis 2 3 2 1 0 0 0) = [1; 1; 2; 1; 1].
Proof. reflexivity. Qed.

(** Theorem 1 *)
Example overlaps_example : firstn 2 (counts (Axis 3 3 2 1 1 1 1)) = [6; 8].
Proof. reflexivity. Qed.

(** ... and its remark: the formula is wrong where the size is negative. *)
Example no_size :
  let a := Axis 4 3 9 7 30 37 0 in
  size a = -25 /\ overlaps a = 0 /\ 4 * 3 - F 4 3 9 7 30 - F 4 3 9 7 37 = -8.
Proof. repeat split. Qed.

(** Theorem 2 *)
Example covered_example : firstn 3 (counts (Axis 3 2 2 4 0 0 0)) = [9; 6; 5].
Proof. reflexivity. Qed.
Example covered_with_crops : firstn 3 (counts (Axis 4 3 2 4 2 3 1)) = [11; 10; 6].
Proof. reflexivity. Qed.

(** Theorem 4 *)
Example coverage_example : coverage (Axis 2 3 2 1 0 0 0) 2 = 2.
Proof. reflexivity. Qed.

(** Theorem 5 *)
Example phases : firstn 13 (coverage_map (Axis 8 3 4 2 0 0 0)) = [1; 0; 1; 0; 2; 0; 1; 0; 2; 0; 1; 0; 2].
Proof. reflexivity. Qed.

(** Theorem 6 *)
Example affine_example :
  map (fun n => firstn 3 (counts (Axis n 3 2 3 3 3 0))) [1; 2; 3; 4; 5; 6]
  = [[1; 1; 1]; [3; 2; 2]; [5; 5; 5]; [7; 8; 7]; [9; 11; 9]; [11; 14; 11]]
  /\ n_min 3 2 3 3 3 0 = 1 /\ n_star 3 2 3 3 3 0 = 3.
Proof. repeat split. Qed.

(** Corollary 8 *)
Example crops_example : counts (Axis 4 2 1 1 2 2 0) = counts (Axis 2 2 1 1 1 1 0).
Proof. reflexivity. Qed.

(** ... and why its (a) asks for two inputs: here all pairs are cut. *)
Example one_input : counts (Axis 1 1 1 5 1 1 4) = [3; 0; 0; 0; 0].
Proof. reflexivity. Qed.

(** Corollary 9 *)
Example ordinary_example : ordinary 6 3 2 1 1 1 = Axis 3 3 2 1 1 1 1.
Proof. reflexivity. Qed.

(** Corollary 10 *)
Example additions_example :
  let axes := [Axis 2 1 2 1 0 0 0; Axis 2 1 2 1 0 0 0] in
  map (fun c => additions_per_filter Transposed c axes) [Nonzero; Documented; Exact] = [0; -5; 0].
Proof. vm_compute. reflexivity. Qed.

(** Theorem 11 *)
Example reached_example : counts (Axis 4 2 3 1 2 2 0) = [7; 4; 4; 2; 2].
Proof. reflexivity. Qed.
Example dead_taps : taps_reached (ordinary 28 3 1 36 36 36) = 1.
Proof. vm_compute. reflexivity. Qed.

(** Theorem 13 *)
Example reached_affine :
  map (fun n => counts (Axis n 2 1 2 4 4 0)) [7; 8; 9; 10]
  = [[1; 2; 1; 2; 2]; [2; 4; 2; 4; 2]; [3; 6; 3; 5; 2]; [4; 8; 4; 6; 2]]
  /\ n_star 2 1 2 4 4 0 = 7 /\ a_star 2 1 2 4 4 0 = 7 /\ n_star_star 2 1 2 4 4 0 = 8.
Proof. repeat split. Qed.

(** Corollary 15 *)
Example alive_example : input_from (a_star 3 2 1 1 1) 3 2 1 1 1 = 3.
Proof. reflexivity. Qed.
