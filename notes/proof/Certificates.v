(** What finitely many experiments establish: corollaries 6.1 and 6.2. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Coverage Affine Reached.
Import ListNotations.
Open Scope Z_scope.

(** ** Affine functions *)

Lemma affine_later n0 n1 f : n0 <= n1 -> affine_from n0 f -> affine_from n1 f.
Proof. intros le (c & m & E). exists c, m. intros n Hn. apply E. lia. Qed.

Lemma affine_constant n0 c : affine_from n0 (fun _ => c).
Proof. exists c, 0. lia. Qed.

Lemma affine_scale n0 c f : affine_from n0 f -> affine_from n0 (fun n => c * f n).
Proof. intros (c' & m & E). exists (c * c'), (c * m). intros n Hn. rewrite E by assumption. ring. Qed.

Lemma affine_add n0 f f' : affine_from n0 f -> affine_from n0 f' -> affine_from n0 (fun n => f n + f' n).
Proof.
  intros (c & m & E) (c' & m' & E'). exists (c + c'), (m + m').
  intros n Hn. rewrite E, E' by assumption. ring.
Qed.

Lemma affine_sum {A} n0 (f : A -> Z -> Z) l :
  (forall x, In x l -> affine_from n0 (f x)) -> affine_from n0 (fun n => sum (fun x => f x n) l).
Proof.
  intros all. induction l as [|x l IH]; [exact (affine_constant n0 0)|].
  apply (affine_add n0 (f x)); [apply all; now left|]. apply IH. intros. apply all. now right.
Qed.

(** Two affine functions that agree at two points, and below, agree. *)
Lemma agreement least N f X :
  least <= N -> affine_from N f -> affine_from N X ->
  (forall n, least <= n <= N + 1 -> f n = X n) -> forall n, least <= n -> f n = X n.
Proof.
  intros le (c & m & E) (c' & m' & E') same n Hn.
  destruct (Z.le_gt_cases n (N + 1)) as [|far]; [apply same; lia|].
  pose proof (same N ltac:(lia)) as at_N. pose proof (same (N + 1) ltac:(lia)) as at_next.
  rewrite E, E' in at_N, at_next by lia. rewrite E, E' by lia.
  assert (m = m') by lia. subst m'. lia.
Qed.

(** ** One axis *)

Inductive quantity :=
  Constant | Inputs | Size | Overlaps | Covered | InputsReached | TapsReached.

Definition measure (q : quantity) (a : axis) : Z :=
  match q with
  | Constant => 1
  | Inputs => inputs a
  | Size => size a
  | Overlaps => overlaps a
  | Covered => covered a
  | InputsReached => inputs_reached a
  | TapsReached => taps_reached a
  end.

(** All but the number of inputs is fixed. *)
Definition with_inputs (a : axis) (n : Z) : axis :=
  Axis n (taps a) (stride a) (dilation a) (begin_crop a) (end_crop a) (output_padding a).

Definition of_axis (bound : Z -> Z -> Z -> Z -> Z -> Z -> Z) (a : axis) : Z :=
  bound (taps a) (stride a) (dilation a) (begin_crop a) (end_crop a) (output_padding a).

(** n* is enough where inputs and taps reached do not occur. *)
Definition enough (q : quantity) (a : axis) : Z :=
  match q with InputsReached | TapsReached => of_axis n_star_star a | _ => of_axis n_star a end.

Definition fixed_proper (a : axis) : Prop := 1 <= taps a /\ 1 <= stride a /\ 1 <= dilation a.

Lemma n_min_n_star a : of_axis n_min a <= of_axis n_star a <= of_axis n_star_star a.
Proof. unfold of_axis, n_star_star, n_star. lia. Qed.

Lemma measure_affine q a : fixed_proper a -> affine_from (enough q a) (fun n => measure q (with_inputs a n)).
Proof.
  intros (Hk & Hs & Hd). pose proof (n_min_n_star a) as le. unfold of_axis in le.
  pose proof (theorem_6c_least (of_axis n_star a) _ _ _ _ _ _ Hk Hs Hd (proj1 le)) as three.
  assert (le' : of_axis n_min a <= of_axis n_star_star a) by (unfold of_axis; lia).
  pose proof (theorem_13d_least (of_axis n_star_star a) _ _ _ _ _ _ Hk Hs Hd le') as five.
  cbv zeta in three, five. destruct (proj2 three (Z.le_refl _)) as (? & ? & ?).
  destruct (proj2 five (Z.le_refl _)) as (_ & _ & _ & ? & ?).
  destruct q; try assumption.
  - exact (affine_constant _ 1).
  - exists 0, 1. intros n _. unfold measure, with_inputs; fields. lia.
Qed.

(** A truth is a linear combination of quantities. *)
Definition truth (terms : list (Z * quantity)) (a : axis) : Z :=
  sum (fun term => fst term * measure (snd term) a) terms.

Theorem corollary_6_1_one_axis a terms (candidate : Z -> Z) n0 N :
  fixed_proper a ->
  affine_from n0 candidate ->
  n0 <= N -> of_axis n_min a <= N -> (forall c q, In (c, q) terms -> enough q a <= N) ->
  (forall n, of_axis n_min a <= n <= N + 1 -> candidate n = truth terms (with_inputs a n)) ->
  forall n, of_axis n_min a <= n -> candidate n = truth terms (with_inputs a n).
Proof.
  intros proper affine le le' all. apply agreement; [assumption|now apply (affine_later n0)|].
  unfold truth. apply (affine_sum N (fun term n => fst term * measure (snd term) (with_inputs a n))).
  intros [c q] H. apply affine_scale. apply (affine_later (enough q a)); [apply (all c q H)|].
  now apply measure_affine.
Qed.

(** ** Several axes *)

Lemma same_length {A B} (R : A -> B -> Prop) l m : Forall2 R l m -> length l = length m.
Proof. induction 1; simpl; congruence. Qed.

Section Several.
Context {A : Type} (least top : A -> Z).

(** Degree at most one in each number separately, whatever the others are, from [top] on. *)
Definition affine_in_each (axes : list A) (f : list Z -> Z) : Prop :=
  forall before x after p q,
  axes = before ++ x :: after ->
  Forall2 (fun y n => least y <= n) before p -> Forall2 (fun y n => least y <= n) after q ->
  affine_from (top x) (fun n => f (p ++ n :: q)).

Lemma agreement_in_each axes f X :
  (forall x, In x axes -> least x <= top x) ->
  affine_in_each axes f -> affine_in_each axes X ->
  (forall point, Forall2 (fun x n => least x <= n <= top x + 1) axes point -> f point = X point) ->
  forall point, Forall2 (fun x n => least x <= n) axes point -> f point = X point.
Proof.
  revert f X. induction axes as [|x axes IH]; intros f X le affine affine' same point legal.
  - inversion legal. subst. apply same. constructor.
  - inversion legal as [|? n ? q Hn Hq]. subst. clear legal.
    apply (agreement (least x) (top x) (fun n => f (n :: q)) (fun n => X (n :: q))).
    + apply le. now left.
    + apply (affine [] x axes [] q); auto.
    + apply (affine' [] x axes [] q); auto.
    + clear n Hn. intros n Hn. apply (IH (fun q => f (n :: q)) (fun q => X (n :: q))); auto.
      * intros y H. apply le. now right.
      * intros before y after p r E Hp Hr. apply (affine (x :: before) y after (n :: p) r); auto.
        -- now rewrite E.
        -- constructor; [lia|assumption].
      * intros before y after p r E Hp Hr. apply (affine' (x :: before) y after (n :: p) r); auto.
        -- now rewrite E.
        -- constructor; [lia|assumption].
    + assumption.
Qed.

End Several.

(** A truth of several axes: a linear combination of products, one quantity of each axis. *)
Fixpoint term_of_axes (quantities : list quantity) (axes : list axis) (ns : list Z) : Z :=
  match quantities, axes, ns with
  | q :: quantities, a :: axes, n :: ns => measure q (with_inputs a n) * term_of_axes quantities axes ns
  | _, _, _ => 1
  end.

Definition truth_of_axes (terms : list (Z * list quantity)) (axes : list axis) (ns : list Z) : Z :=
  sum (fun term => fst term * term_of_axes (snd term) axes ns) terms.

Lemma term_affine quantities before a after p q N :
  fixed_proper a -> length before = length p ->
  (forall quantity, In quantity quantities -> enough quantity a <= N) ->
  affine_from N (fun n => term_of_axes quantities (before ++ a :: after) (p ++ n :: q)).
Proof.
  intros proper. revert quantities p. induction before as [|x before IH]; intros quantities p E le.
  - destruct p; [|discriminate].
    destruct quantities as [|quantity quantities]; [exact (affine_constant N 1)|].
    simpl. set (c := term_of_axes quantities after q).
    assert (H : affine_from N (fun n => c * measure quantity (with_inputs a n))).
    { apply affine_scale, (affine_later (enough quantity a)); [|now apply measure_affine].
      apply le. now left. }
    destruct H as (c' & m & H). exists c', m. intros n Hn. rewrite <- H by assumption. ring.
  - destruct p as [|n' p]; [discriminate|].
    destruct quantities as [|quantity quantities]; [exact (affine_constant N 1)|].
    simpl. apply affine_scale. apply IH; [now injection E|]. intros. apply le. now right.
Qed.

(** The axes come each with the number N up to which experiments are made. *)
Theorem corollary_6_2_several_axes (axes : list (axis * Z)) terms (candidate : list Z -> Z) :
  (forall a N, In (a, N) axes -> fixed_proper a /\ of_axis n_min a <= N) ->
  (forall a N c quantities q,
     In (a, N) axes -> In (c, quantities) terms -> In q quantities -> enough q a <= N) ->
  affine_in_each (fun x => of_axis n_min (fst x)) snd axes candidate ->
  (forall ns, Forall2 (fun x n => of_axis n_min (fst x) <= n <= snd x + 1) axes ns ->
     candidate ns = truth_of_axes terms (map fst axes) ns) ->
  forall ns, Forall2 (fun x n => of_axis n_min (fst x) <= n) axes ns ->
     candidate ns = truth_of_axes terms (map fst axes) ns.
Proof.
  intros proper large affine. apply agreement_in_each.
  - intros [a N] H. apply (proper a N H).
  - assumption.
  - intros before [a N] after p q -> Hp Hq. rewrite map_app. cbn [map fst snd].
    assert (inside : In (a, N) (before ++ (a, N) :: after)) by (apply in_or_app; right; now left).
    apply (affine_sum N (fun term n =>
      fst term * term_of_axes (snd term) (map fst before ++ a :: map fst after) (p ++ n :: q))).
    intros [c quantities] H. apply affine_scale. apply term_affine.
    + apply (proper a N inside).
    + rewrite map_length. now apply same_length in Hp.
    + intros quantity H'. apply (large a N c quantities quantity inside H H').
Qed.
