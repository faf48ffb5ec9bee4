(** What is counted. Pairs of an input and a tap are listed, filtered and measured by length;
    nothing here is a formula for a count. The names are those of notes/derivation.md. *)

From Coq Require Import ZArith List.
Import ListNotations.
Open Scope Z_scope.

(** [0, 1, ..., n - 1]; empty for n <= 0. *)
Definition range (n : Z) : list Z := map Z.of_nat (seq 0 (Z.to_nat n)).

(** All pairs of [0, n) x [0, k). *)
Definition box (n k : Z) : list (Z * Z) := list_prod (range n) (range k).

(** How many members of a list a test accepts. *)
Definition count {A : Type} (test : A -> bool) (l : list A) : Z := Z.of_nat (length (filter test l)).

(** How many different numbers a list has. *)
Definition distinct (l : list Z) : Z := Z.of_nat (length (nodup Z.eq_dec l)).

(** v = i s + t d *)
Definition value (s d : Z) (pair : Z * Z) : Z := fst pair * s + snd pair * d.

(** F(n, k; t): the pairs of a box whose value is below t. *)
Definition F (n k s d t : Z) : Z := count (fun pair => value s d pair <? t) (box n k).

(** One axis: n, k, s, d, b, e, o of the notes. *)
Record axis := Axis {
  inputs : Z;
  taps : Z;
  stride : Z;
  dilation : Z;
  begin_crop : Z;
  end_crop : Z;
  output_padding : Z
}.

(** L: the largest value plus one, less the crops, plus the output padding. *)
Definition size (a : axis) : Z :=
  (inputs a - 1) * stride a + (taps a - 1) * dilation a + 1
  - begin_crop a - end_crop a + output_padding a.

(** Where a pair lands, if it is kept: y = v - b. *)
Definition output (a : axis) (pair : Z * Z) : Z :=
  value (stride a) (dilation a) pair - begin_crop a.

(** A pair is kept when its output is a position: 0 <= y < L. *)
Definition is_kept (a : axis) (pair : Z * Z) : bool :=
  (0 <=? output a pair) && (output a pair <? size a).

(** S: the kept pairs. *)
Definition kept_pairs (a : axis) : list (Z * Z) :=
  filter (is_kept a) (box (inputs a) (taps a)).

(** T = |S|. *)
Definition overlaps (a : axis) : Z := Z.of_nat (length (kept_pairs a)).

(** The shadows of S: C on the outputs, I on the inputs, J on the taps. *)
Definition covered (a : axis) : Z := distinct (map (output a) (kept_pairs a)).
Definition inputs_reached (a : axis) : Z := distinct (map fst (kept_pairs a)).
Definition taps_reached (a : axis) : Z := distinct (map snd (kept_pairs a)).

(** c(y): the pairs that land on a position. *)
Definition coverage (a : axis) (y : Z) : Z :=
  count (fun pair => output a pair =? y) (kept_pairs a).

(** What the closed forms ask of an axis; [legal] is what a layer asks. *)
Definition proper (a : axis) : Prop :=
  1 <= inputs a /\ 1 <= taps a /\ 1 <= stride a /\ 1 <= dilation a.
Definition legal (a : axis) : Prop := proper a /\ 1 <= size a.
