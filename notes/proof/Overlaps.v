(** Theorem 1: the overlaps of an axis, by pairs below two thresholds. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists.
Import ListNotations.
Open Scope Z_scope.

(** ** F *)

Lemma F_empty n k s d t : n <= 0 \/ k <= 0 -> F n k s d t = 0.
Proof. intros. unfold F. now rewrite box_empty. Qed.

Lemma F_below n k s d t : 0 <= s -> 0 <= d -> t <= 0 -> F n k s d t = 0.
Proof.
  intros. apply count_none. intros [i j] inside. apply in_box in inside.
  unfold value; simpl in *. nia.
Qed.

(** Theorem 3 (f). *)
Theorem F_symmetric n k s d t : F n k s d t = F k n d s t.
Proof.
  unfold F. rewrite count_swap. apply count_ext. intros [i j] _. unfold value; simpl. lia.
Qed.

(** Turned around, the pairs from a threshold on are the pairs below another. *)
Lemma cut_at_the_end n k s d t :
  count (fun pair => t <=? value s d pair) (box n k)
  = F n k s d ((n - 1) * s + (k - 1) * d + 1 - t).
Proof.
  unfold F. rewrite count_turn. apply count_ext. intros [i j] _. unfold value; simpl. lia.
Qed.

(** What is left of a box of which a corner is cut off at each end. *)
Lemma between n k s d left right :
  0 <= n -> 0 <= k -> left <= (n - 1) * s + (k - 1) * d + 1 - right ->
  count (fun pair => (left <=? value s d pair)
                     && (value s d pair <? (n - 1) * s + (k - 1) * d + 1 - right)) (box n k)
  = n * k - F n k s d left - F n k s d right.
Proof.
  intros. set (stop := (n - 1) * s + (k - 1) * d + 1 - right) in *.
  assert (total : Z.of_nat (length (box n k)) = n * k) by (rewrite length_box; lia).
  assert (right_cut : count (fun pair => stop <=? value s d pair) (box n k) = F n k s d right).
  { rewrite cut_at_the_end. f_equal. lia. }
  pose proof (count_negb (fun pair => stop <=? value s d pair) (box n k)) as not_right.
  pose proof (count_split (fun pair => negb (stop <=? value s d pair))
                (fun pair => value s d pair <? left) (box n k)) as split.
  rewrite (count_ext (fun pair => negb (stop <=? value s d pair) && (value s d pair <? left))
             (fun pair => value s d pair <? left)) in split by lia.
  rewrite (count_ext (fun pair => negb (stop <=? value s d pair) && negb (value s d pair <? left))
             (fun pair => (left <=? value s d pair) && (value s d pair <? stop))) in split by lia.
  unfold F in *. lia.
Qed.

(** ** Theorem 1 *)

Lemma overlaps_counted a : overlaps a = count (is_kept a) (box (inputs a) (taps a)).
Proof. reflexivity. Qed.

(** It holds for empty boxes too, and whatever stride and dilation are. *)
Lemma overlaps_formula n k s d b e o :
  let a := Axis n k s d b e o in
  0 <= n -> 0 <= k -> 0 <= size a ->
  overlaps a = n * k - F n k s d b - F n k s d (e - o).
Proof.
  intros a Hn Hk HL. rewrite <- between by (unfold size in HL; simpl in *; lia).
  apply count_ext. intros pair _. unfold is_kept, output, size; simpl. lia.
Qed.

Theorem theorem_1_overlaps n k s d b e o :
  let a := Axis n k s d b e o in
  proper a -> 0 <= size a ->
  overlaps a = n * k - F n k s d b - F n k s d (e - o).
Proof. intros a (? & ? & _) HL. simpl in *. apply overlaps_formula; auto; lia. Qed.

(** Without L >= 0 it is wrong: by the pairs that are cut on both sides. *)
Theorem theorem_1_needs_a_size n k s d b e o :
  let a := Axis n k s d b e o in
  proper a -> size a < 0 ->
  overlaps a = 0 /\
  n * k - F n k s d b - F n k s d (e - o)
  = - count (fun pair => (b + size a <=? value s d pair) && (value s d pair <? b)) (box n k).
Proof.
  intros a (? & ? & _) HL. simpl in *. split.
  - rewrite overlaps_counted. apply count_none. intros pair _. unfold is_kept. lia.
  - replace (F n k s d (e - o)) with (count (fun pair => b + size a <=? value s d pair) (box n k)).
    2:{ rewrite cut_at_the_end. f_equal. unfold size; simpl. lia. }
    assert (total : Z.of_nat (length (box n k)) = n * k) by (rewrite length_box; lia).
    rewrite <- total.
    rewrite (count_split (fun pair => b + size a <=? value s d pair) (fun pair => value s d pair <? b)).
    rewrite (count_ext (fun pair => (b + size a <=? value s d pair) && negb (value s d pair <? b))
               (fun pair => negb (value s d pair <? b))) by lia.
    rewrite count_negb. unfold F. lia.
Qed.
