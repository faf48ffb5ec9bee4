(** Several axes: they do not interact. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists.
Import ListNotations.
Open Scope Z_scope.

(** ** A layer of several axes *)

(** All ways to choose one member of each list. *)
Fixpoint choices {A : Type} (lists : list (list A)) : list (list A) :=
  match lists with
  | [] => [[]]
  | l :: lists => map (fun choice => fst choice :: snd choice) (list_prod l (choices lists))
  end.

(** What holds of, or belongs to, each axis and what was chosen on it. *)
Definition on_each {A B : Type} (test : A -> B -> bool) (l : list A) (m : list B) : bool :=
  forallb (fun both => test (fst both) (snd both)) (combine l m).
Definition of_each {A B C : Type} (f : A -> B -> C) (l : list A) (m : list B) : list C :=
  map (fun both => f (fst both) (snd both)) (combine l m).

(** The output positions of a layer. *)
Definition positions (axes : list axis) : list (list Z) :=
  choices (map (fun a => range (size a)) axes).

(** Its pairs, of an input and a tap with one number on each axis; those that are kept on each axis. *)
Definition layer_box (axes : list axis) : list (list (Z * Z)) :=
  choices (map (fun a => box (inputs a) (taps a)) axes).
Definition layer_pairs (axes : list axis) : list (list (Z * Z)) :=
  filter (on_each is_kept axes) (layer_box axes).

(** Where they land. *)
Definition layer_output (axes : list axis) (pairs : list (Z * Z)) : list Z := of_each output axes pairs.

(** How many different tuples a list has. *)
Definition distinct_tuples (l : list (list Z)) : Z :=
  Z.of_nat (length (nodup (list_eq_dec Z.eq_dec) l)).

Definition layer_size (axes : list axis) : Z := Z.of_nat (length (positions axes)).
Definition layer_overlaps (axes : list axis) : Z := Z.of_nat (length (layer_pairs axes)).
Definition layer_covered (axes : list axis) : Z :=
  distinct_tuples (map (layer_output axes) (layer_pairs axes)).
Definition layer_inputs_reached (axes : list axis) : Z :=
  distinct_tuples (map (map fst) (layer_pairs axes)).
Definition layer_taps_reached (axes : list axis) : Z :=
  distinct_tuples (map (map snd) (layer_pairs axes)).

Definition same_tuple (y z : list Z) : bool := if list_eq_dec Z.eq_dec y z then true else false.
Definition layer_coverage (axes : list axis) (y : list Z) : Z :=
  count (fun pairs => same_tuple (layer_output axes pairs) y) (layer_pairs axes).

(** ** Choices *)

Definition product {A} (f : A -> Z) (l : list A) : Z := fold_right (fun x rest => f x * rest) 1 l.

Lemma product_ext {A} (f h : A -> Z) l : (forall x, In x l -> f x = h x) -> product f l = product h l.
Proof.
  intros same. induction l as [|x l IH]; [reflexivity|].
  cbn [product fold_right]. rewrite (same x) by now left. f_equal. apply IH. intros. apply same. now right.
Qed.

Lemma in_choices {A} (lists : list (list A)) xs :
  In xs (choices lists) <-> Forall2 (fun l x => In x l) lists xs.
Proof.
  revert xs. induction lists as [|l lists IH]; intros xs; simpl.
  - split; [intros [<-|[]]; constructor|]. intros H. inversion H. now left.
  - rewrite in_map_iff. split.
    + intros ([x ys] & <- & H). apply in_prod_iff in H as [Hx H]. constructor; [assumption|now apply IH].
    + intros H. inversion H as [|? x ? ys Hx Hy]. subst. exists (x, ys). split; [reflexivity|].
      apply in_prod_iff. split; [assumption|now apply IH].
Qed.

Lemma length_choices {A B} (f : B -> list A) l :
  Z.of_nat (length (choices (map f l))) = product (fun x => Z.of_nat (length (f x))) l.
Proof.
  induction l as [|x l IH]; [reflexivity|]. cbn [map choices product fold_right].
  rewrite map_length, prod_length, Nat2Z.inj_mul, IH. reflexivity.
Qed.

Lemma NoDup_choices {A} (lists : list (list A)) : Forall (@NoDup A) lists -> NoDup (choices lists).
Proof.
  induction 1 as [|l lists unique _ IH]; simpl.
  - constructor; [intros []|constructor].
  - apply NoDup_map_injective; [|now apply NoDup_list_prod].
    intros [x xs] [y ys] _ _ E. injection E as -> ->. reflexivity.
Qed.

Lemma filter_map {A B} (f : A -> B) p l : filter p (map f l) = map f (filter (fun x => p (f x)) l).
Proof. induction l as [|x l IH]; [reflexivity|]. simpl. rewrite IH. now destruct (p (f x)). Qed.

Lemma filter_list_prod {A B} (p : A -> bool) (q : B -> bool) l m :
  filter (fun both => p (fst both) && q (snd both)) (list_prod l m) = list_prod (filter p l) (filter q m).
Proof.
  induction l as [|x l IH]; [reflexivity|].
  simpl. rewrite filter_app, filter_map, IH. cbn [fst snd].
  destruct (p x); simpl; [reflexivity|].
  replace (filter (fun _ => false) m) with (@nil B) by (clear; induction m; auto). reflexivity.
Qed.

(** What is asked on each axis is asked of what is chosen there. *)
Lemma filter_choices {A B} (f : A -> list B) (test : A -> B -> bool) axes :
  filter (on_each test axes) (choices (map f axes)) = choices (map (fun a => filter (test a) (f a)) axes).
Proof.
  induction axes as [|a axes IH]; [reflexivity|].
  cbn [map choices]. rewrite filter_map, <- IH, <- filter_list_prod. reflexivity.
Qed.

Lemma layer_pairs_choices axes : layer_pairs axes = choices (map kept_pairs axes).
Proof. apply filter_choices. Qed.

(** ** Products *)

(** Different tuples, from different numbers on each axis. *)
Lemma distinct_choices {A B} (f : A -> list B) (key : A -> B -> Z) axes :
  distinct_tuples (map (of_each key axes) (choices (map f axes)))
  = product (fun a => distinct (map (key a) (f a))) axes.
Proof.
  unfold distinct. rewrite <- (length_choices (fun a => nodup Z.eq_dec (map (key a) (f a)))).
  unfold distinct_tuples. f_equal.
  assert (same : forall ys,
    In ys (map (of_each key axes) (choices (map f axes)))
    <-> In ys (choices (map (fun a => nodup Z.eq_dec (map (key a) (f a))) axes))).
  { induction axes as [|a axes IH]; intros ys; [reflexivity|].
    cbn [map choices]. rewrite !in_map_iff. split.
    - intros (xs & <- & H). apply in_map_iff in H as ([x xs'] & <- & H). apply in_prod_iff in H as [Hx H].
      exists (key a x, of_each key axes xs'). split; [reflexivity|]. apply in_prod_iff. split.
      + apply nodup_In, in_map, Hx.
      + apply IH, in_map, H.
    - intros ([y ys'] & <- & H). apply in_prod_iff in H as [Hy H].
      apply nodup_In, in_map_iff in Hy as (x & <- & Hx).
      apply IH, in_map_iff in H as (xs & <- & Hxs).
      exists (x :: xs). split; [reflexivity|].
      apply in_map_iff. exists (x, xs). split; [reflexivity|]. now apply in_prod_iff. }
  apply Nat.le_antisymm.
  - apply NoDup_incl_length; [apply NoDup_nodup|]. intros ys H. apply nodup_In in H. now apply same.
  - apply NoDup_incl_length.
    + apply NoDup_choices, Forall_forall. intros l H. apply in_map_iff in H as (a & <- & _). apply NoDup_nodup.
    + intros ys H. now apply nodup_In, same.
Qed.

Theorem size_of_layer axes : layer_size axes = product (fun a => Z.max 0 (size a)) axes.
Proof.
  unfold layer_size, positions. rewrite length_choices.
  apply product_ext. intros a _. apply length_range.
Qed.

Theorem overlaps_of_layer axes : layer_overlaps axes = product overlaps axes.
Proof. unfold layer_overlaps. rewrite layer_pairs_choices. apply length_choices. Qed.

Theorem covered_of_layer axes : layer_covered axes = product covered axes.
Proof. unfold layer_covered. rewrite layer_pairs_choices. apply (distinct_choices kept_pairs output). Qed.

Lemma map_of_each {A B C} (f : B -> C) (lists : A -> list B) axes xs :
  In xs (choices (map lists axes)) -> map f xs = of_each (fun _ => f) axes xs.
Proof.
  revert xs. induction axes as [|a axes IH]; intros xs H; apply in_choices in H; inversion H; subst; [reflexivity|].
  cbn [map]. unfold of_each in *. cbn [combine map fst snd]. f_equal. apply IH. now apply in_choices.
Qed.

Theorem inputs_reached_of_layer axes : layer_inputs_reached axes = product inputs_reached axes.
Proof.
  unfold layer_inputs_reached. rewrite layer_pairs_choices.
  rewrite (map_ext_in _ (of_each (fun _ => fst) axes)) by (intros xs; apply map_of_each).
  apply (distinct_choices kept_pairs (fun _ => fst)).
Qed.

Theorem taps_reached_of_layer axes : layer_taps_reached axes = product taps_reached axes.
Proof.
  unfold layer_taps_reached. rewrite layer_pairs_choices.
  rewrite (map_ext_in _ (of_each (fun _ => snd) axes)) by (intros xs; apply map_of_each).
  apply (distinct_choices kept_pairs (fun _ => snd)).
Qed.

(** The coverage map: of a tuple with one number on each axis. *)
Theorem coverage_of_layer axes y : length y = length axes ->
  layer_coverage axes y = product (fun both => coverage (fst both) (snd both)) (combine axes y).
Proof.
  intros E. unfold layer_coverage. rewrite layer_pairs_choices.
  revert y E. induction axes as [|a axes IH]; intros [|z y] E; try discriminate; [reflexivity|].
  transitivity (coverage a z * product (fun both => coverage (fst both) (snd both)) (combine axes y));
    [|reflexivity].
  cbn [map choices]. rewrite count_map, <- IH by now injection E.
  unfold coverage, count. rewrite <- Nat2Z.inj_mul, <- prod_length, <- filter_list_prod.
  f_equal. f_equal. apply filter_ext. intros [x xs]. cbn [fst snd].
  unfold layer_output, of_each, same_tuple. cbn [combine map fst snd].
  destruct (list_eq_dec _ _ _) as [H|H], (Z.eqb_spec (output a x) z) as [H'|H'],
    (list_eq_dec _ _ _) as [H2|H2]; cbn [andb]; congruence.
Qed.

Lemma same_tuple_spec y z : same_tuple y z = true <-> y = z.
Proof. unfold same_tuple. destruct (list_eq_dec _ y z); split; congruence. Qed.

Lemma NoDup_positions axes : NoDup (positions axes).
Proof.
  apply NoDup_choices, Forall_forall. intros l H. apply in_map_iff in H as (a & <- & _). apply NoDup_range.
Qed.

Lemma lands_on_a_position axes pairs :
  In pairs (layer_pairs axes) -> In (layer_output axes pairs) (positions axes).
Proof.
  rewrite layer_pairs_choices. revert pairs. unfold positions.
  induction axes as [|a axes IH]; intros xs H; apply in_choices in H;
    inversion H as [|? x ? xs' Hx Hxs]; subst; [now left|].
  apply in_choices. cbn [map]. unfold layer_output, of_each. cbn [combine map fst snd]. constructor.
  - apply filter_In in Hx as [_ Hx]. apply in_range. unfold is_kept in Hx. lia.
  - apply in_choices, IH, in_choices, Hxs.
Qed.

(** Overlaps are the sum of the coverage over the positions; covered are those where it is positive. *)
Theorem overlaps_by_positions axes : layer_overlaps axes = sum (layer_coverage axes) (positions axes).
Proof.
  apply (count_by_key (layer_output axes) same_tuple).
  - apply same_tuple_spec.
  - apply NoDup_positions.
  - apply lands_on_a_position.
Qed.

(** As many different places as places that something is put on. *)
Lemma distinct_places {A} (place : A -> list Z) l places :
  NoDup places -> (forall x, In x l -> In (place x) places) ->
  distinct_tuples (map place l) = count (fun z => 0 <? count (fun x => same_tuple (place x) z) l) places.
Proof.
  intros unique within. unfold distinct_tuples. unfold count at 1. f_equal. apply Nat.le_antisymm.
  - apply NoDup_incl_length; [apply NoDup_nodup|].
    intros z H. apply nodup_In, in_map_iff in H as (x & <- & H). apply filter_In. split; [now apply within|].
    apply Z.ltb_lt, count_positive. exists x. split; [assumption|]. now apply same_tuple_spec.
  - apply NoDup_incl_length; [now apply NoDup_filter|].
    intros z H. apply filter_In in H as [_ H]. apply Z.ltb_lt, count_positive in H as (x & H & E).
    apply same_tuple_spec in E. subst z. now apply nodup_In, in_map.
Qed.

Theorem covered_by_positions axes :
  layer_covered axes = count (fun y => 0 <? layer_coverage axes y) (positions axes).
Proof. apply distinct_places; [apply NoDup_positions|apply lands_on_a_position]. Qed.
