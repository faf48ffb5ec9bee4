(** What Python supplies: a loop, and the inverse modulo a number. *)

From Coq Require Import ZArith List.
From Proof Require Import Counting.
Open Scope Z_scope.

(** [while test: round], given a number of rounds. *)
Fixpoint loop {A : Type} (test : A -> bool) (round : A -> A) (fuel : nat) (state : A) : A :=
  match fuel with
  | O => state
  | S fuel => if test state then loop test round fuel (round state) else state
  end.

(** Every round runs, and the test fails within the number of rounds. *)
Fixpoint loop_runs {A : Type} (test : A -> bool) (round : A -> A) (runs : A -> Prop)
    (fuel : nat) (state : A) : Prop :=
  match fuel with
  | O => test state = false
  | S fuel => if test state then runs state /\ loop_runs test round runs fuel (round state) else True
  end.

(** The rounds that a loop is given for its variables: three, and two a binary digit. *)
Definition rounds (variables : list Z) : nat :=
  Z.to_nat (3 + 2 * Z.log2 (fold_right (fun x total => Z.abs x + total) 0 variables)).

(** [pow(a, -1, m)]: the number of [0, m) that is an inverse of a modulo m. *)
Definition inverse (a m : Z) : Z := hd 0 (filter (fun x => (a * x) mod m =? 1 mod m) (range m)).
Definition inverse_runs (a m : Z) : Prop := 1 <= m /\ Z.gcd a m = 1.

(** A [for] is a [fold_left]; every round of it runs. *)
Fixpoint each_runs {A B : Type} (round : A -> B -> A) (runs : A -> B -> Prop) (members : list B)
    (state : A) : Prop :=
  match members with
  | nil => True
  | member :: members => runs state member /\ each_runs round runs members (round state member)
  end.
