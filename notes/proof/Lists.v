(** Counting in lists: members of ranges and boxes, bijections, sums over rows, chains. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting.
Import ListNotations.
Open Scope Z_scope.

(** The fields of an axis that is written out; [simpl] would unfold sums as well. *)
Ltac fields :=
  cbn [inputs taps stride dilation begin_crop end_crop output_padding fst snd] in *.

(** ** Ranges and boxes *)

Lemma in_range x n : In x (range n) <-> 0 <= x < n.
Proof.
  unfold range. rewrite in_map_iff. split.
  - intros (j & <- & H). apply in_seq in H. lia.
  - intros H. exists (Z.to_nat x). rewrite in_seq. lia.
Qed.

Lemma NoDup_map_injective {A B} (f : A -> B) l :
  (forall x y, In x l -> In y l -> f x = f y -> x = y) -> NoDup l -> NoDup (map f l).
Proof.
  intros injective unique. induction unique as [|x l fresh unique IH]; simpl; constructor.
  - rewrite in_map_iff. intros (y & same & H). apply fresh.
    rewrite (injective x y); simpl; auto.
  - apply IH. intros; apply injective; simpl; auto.
Qed.

Lemma NoDup_range n : NoDup (range n).
Proof. apply NoDup_map_injective; [lia | apply seq_NoDup]. Qed.

Lemma length_range n : Z.of_nat (length (range n)) = Z.max 0 n.
Proof. unfold range. rewrite map_length, seq_length. lia. Qed.

Lemma range_empty n : n <= 0 -> range n = [].
Proof. intros. unfold range. replace (Z.to_nat n) with 0%nat by lia. reflexivity. Qed.

Lemma range_next n : 0 <= n -> range (n + 1) = range n ++ [n].
Proof.
  intros. unfold range. replace (Z.to_nat (n + 1)) with (Z.to_nat n + 1)%nat by lia.
  rewrite seq_app, map_app. simpl. rewrite Z2Nat.id by lia. reflexivity.
Qed.

Lemma in_box pair n k : In pair (box n k) <-> 0 <= fst pair < n /\ 0 <= snd pair < k.
Proof.
  destruct pair as [i t]. unfold box. rewrite in_prod_iff, !in_range. reflexivity.
Qed.

Lemma NoDup_app {A} (l m : list A) :
  NoDup l -> NoDup m -> (forall x, In x l -> In x m -> False) -> NoDup (l ++ m).
Proof.
  intros unique uniquem apart. induction unique as [|x l fresh unique IH]; simpl; auto.
  constructor.
  - rewrite in_app_iff. intros [H|H]; [auto | exact (apart x (or_introl eq_refl) H)].
  - apply IH. intros y Hl Hm. exact (apart y (or_intror Hl) Hm).
Qed.

Lemma NoDup_list_prod {A B} (l : list A) (m : list B) :
  NoDup l -> NoDup m -> NoDup (list_prod l m).
Proof.
  intros unique uniquem. induction unique as [|x l fresh unique IH]; simpl; [constructor|].
  apply NoDup_app; auto.
  - apply NoDup_map_injective; auto. congruence.
  - intros [y z] H I. apply in_map_iff in H as (w & E & _). injection E as -> ->.
    apply in_prod_iff in I. tauto.
Qed.

Lemma NoDup_box n k : NoDup (box n k).
Proof. apply NoDup_list_prod; apply NoDup_range. Qed.

Lemma length_box n k : Z.of_nat (length (box n k)) = Z.max 0 n * Z.max 0 k.
Proof. unfold box. rewrite prod_length, Nat2Z.inj_mul, !length_range. reflexivity. Qed.

Lemma box_empty n k : n <= 0 \/ k <= 0 -> box n k = [].
Proof.
  intros. apply length_zero_iff_nil. pose proof (length_box n k). nia.
Qed.

(** ** Counts *)

Section Counts.
Context {A : Type}.
Implicit Types (l : list A) (p q : A -> bool).

Lemma count_nonneg p l : 0 <= count p l.
Proof. unfold count. lia. Qed.

Lemma count_nil p : count p [] = 0.
Proof. reflexivity. Qed.

Lemma count_cons p x l : count p (x :: l) = Z.b2z (p x) + count p l.
Proof.
  unfold count. cbn [filter]. destruct (p x); cbn [length]; unfold Z.b2z; lia.
Qed.

Lemma count_app p l m : count p (l ++ m) = count p l + count p m.
Proof. unfold count. rewrite filter_app, app_length. lia. Qed.

Lemma count_ext p q l : (forall x, In x l -> p x = q x) -> count p l = count q l.
Proof. intros same. unfold count. rewrite (filter_ext_in p q); auto. Qed.

Lemma count_all p l : (forall x, In x l -> p x = true) -> count p l = Z.of_nat (length l).
Proof.
  intros all. rewrite (count_ext p (fun _ => true)) by assumption.
  induction l as [|x l IH]; [reflexivity|]. rewrite count_cons, IH by (intros; apply all; now right).
  cbn [length]. unfold Z.b2z. lia.
Qed.

Lemma count_none p l : (forall x, In x l -> p x = false) -> count p l = 0.
Proof.
  intros none. rewrite (count_ext p (fun _ => false)) by assumption.
  induction l as [|x l IH]; [reflexivity|]. rewrite count_cons, IH by (intros; apply none; now right).
  reflexivity.
Qed.

Lemma count_split p q l :
  count p l = count (fun x => p x && q x) l + count (fun x => p x && negb (q x)) l.
Proof.
  induction l as [|x l IH]; [reflexivity|]. rewrite !count_cons, IH.
  destruct (p x), (q x); cbn [andb negb Z.b2z]; lia.
Qed.

Lemma count_negb p l : count (fun x => negb (p x)) l = Z.of_nat (length l) - count p l.
Proof.
  pose proof (count_split (fun _ => true) p l) as H.
  rewrite (count_all (fun _ => true)) in H by reflexivity. cbn [andb] in H.
  change (fun x => p x) with p in H. lia.
Qed.

Lemma count_filter p q l : count p (filter q l) = count (fun x => q x && p x) l.
Proof.
  induction l as [|x l IH]; [reflexivity|].
  cbn [filter]. destruct (q x) eqn:E; rewrite !count_cons, IH, E; cbn [andb Z.b2z]; lia.
Qed.

Lemma length_filter p l : Z.of_nat (length (filter p l)) = count p l.
Proof. reflexivity. Qed.

Lemma count_le p q l : (forall x, In x l -> p x = true -> q x = true) -> count p l <= count q l.
Proof.
  intros implies. induction l as [|x l IH]; [reflexivity|]. rewrite !count_cons.
  pose proof (implies x (or_introl eq_refl)) as H.
  assert (count p l <= count q l) by (apply IH; intros; apply implies; [now right | assumption]).
  destruct (p x), (q x); unfold Z.b2z; lia.
Qed.

Lemma count_positive p l : 0 < count p l <-> exists x, In x l /\ p x = true.
Proof.
  unfold count. split.
  - intros H. destruct (filter p l) as [|x m] eqn:E; [simpl in H; lia|].
    exists x. apply filter_In. rewrite E. now left.
  - intros (x & H). apply filter_In in H. destruct (filter p l); [contradiction H | simpl; lia].
Qed.

Lemma count_zero p l : count p l = 0 <-> forall x, In x l -> p x = false.
Proof.
  split; [|apply count_none]. intros zero x H. destruct (p x) eqn:E; [|reflexivity].
  assert (0 < count p l) by (apply count_positive; eauto). lia.
Qed.

Lemma count_lt p q l x :
  (forall y, In y l -> p y = true -> q y = true) ->
  In x l -> p x = false -> q x = true -> count p l < count q l.
Proof.
  intros implies H P Q. rewrite (count_split q p).
  assert (count p l <= count (fun y => q y && p y) l).
  { apply count_le. intros y I E. rewrite E, (implies y I E). reflexivity. }
  assert (0 < count (fun y => q y && negb (p y)) l).
  { apply count_positive. exists x. rewrite P, Q. auto. }
  lia.
Qed.

End Counts.

Lemma count_map {A B} (f : B -> A) (p : A -> bool) (l : list B) : count p (map f l) = count (fun x => p (f x)) l.
Proof. induction l as [|x l IH]; [reflexivity|]. cbn [map]. now rewrite 2 count_cons, IH. Qed.

(** Duplicate-free lists with maps that are inverse on the counted members have equal counts. *)

Lemma count_injection {A B} (f : A -> B) p q l m :
  NoDup l ->
  (forall x, In x l -> p x = true -> In (f x) m /\ q (f x) = true) ->
  (forall x y, In x l -> p x = true -> In y l -> p y = true -> f x = f y -> x = y) ->
  count p l <= count q m.
Proof.
  intros unique into injective. unfold count. apply inj_le.
  rewrite <- (map_length f). apply NoDup_incl_length.
  - apply NoDup_map_injective; [|now apply NoDup_filter].
    intros x y Hx Hy. apply filter_In in Hx, Hy. apply injective; tauto.
  - intros y H. apply in_map_iff in H as (x & <- & H). apply filter_In in H.
    apply filter_In. apply into; tauto.
Qed.

Lemma count_bijection {A B} (f : A -> B) (f' : B -> A) p q l m :
  NoDup l -> NoDup m ->
  (forall x, In x l -> p x = true -> In (f x) m /\ q (f x) = true /\ f' (f x) = x) ->
  (forall y, In y m -> q y = true -> In (f' y) l /\ p (f' y) = true /\ f (f' y) = y) ->
  count p l = count q m.
Proof.
  intros uniquel uniquem there back. apply Z.le_antisymm.
  - apply (count_injection f); auto.
    + intros x H P. destruct (there x H P) as (? & ? & _). auto.
    + intros x y Hx Px Hy Py E. destruct (there x Hx Px) as (_ & _ & <-).
      destruct (there y Hy Py) as (_ & _ & <-). now rewrite E.
  - apply (count_injection f'); auto.
    + intros y H Q. destruct (back y H Q) as (? & ? & _). auto.
    + intros x y Hx Px Hy Py E. destruct (back x Hx Px) as (_ & _ & <-).
      destruct (back y Hy Py) as (_ & _ & <-). now rewrite E.
Qed.

(** Turning a box around. *)
Lemma count_turn n k p :
  count p (box n k) = count (fun pair => p (n - 1 - fst pair, k - 1 - snd pair)) (box n k).
Proof.
  set (turn := fun pair : Z * Z => (n - 1 - fst pair, k - 1 - snd pair)).
  apply (count_bijection turn turn); try apply NoDup_box; intros [i t] H P; apply in_box in H; simpl in *.
  all: replace (n - 1 - (n - 1 - i)) with i by lia; replace (k - 1 - (k - 1 - t)) with t by lia.
  all: rewrite in_box; simpl; unfold turn; simpl.
  all: repeat split; try lia; try assumption; f_equal; lia.
Qed.

(** Exchanging the sides of a box. *)
Lemma count_swap n k p : count p (box n k) = count (fun pair => p (snd pair, fst pair)) (box k n).
Proof.
  apply (count_bijection (fun pair => (snd pair, fst pair)) (fun pair => (snd pair, fst pair)));
    try apply NoDup_box; intros [i t] H P; rewrite in_box in *; simpl in *; tauto.
Qed.

(** ** Sums *)

Fixpoint sum {A} (f : A -> Z) (l : list A) : Z :=
  match l with [] => 0 | x :: l => f x + sum f l end.

Lemma sum_app {A} (f : A -> Z) l m : sum f (l ++ m) = sum f l + sum f m.
Proof. induction l as [|x l IH]; simpl; lia. Qed.

Lemma sum_ext {A} (f h : A -> Z) l : (forall x, In x l -> f x = h x) -> sum f l = sum h l.
Proof.
  intros same. induction l as [|x l IH]; simpl; [reflexivity|].
  rewrite (same x) by now left. rewrite IH; [reflexivity|]. intros; apply same; now right.
Qed.

Lemma sum_add {A} (f h : A -> Z) l : sum (fun x => f x + h x) l = sum f l + sum h l.
Proof. induction l as [|x l IH]; simpl; lia. Qed.

Lemma sum_scale {A} c (f : A -> Z) l : sum (fun x => c * f x) l = c * sum f l.
Proof. induction l as [|x l IH]; simpl; lia. Qed.

Lemma sum_const {A} c (l : list A) : sum (fun _ => c) l = c * Z.of_nat (length l).
Proof. induction l as [|x l IH]; simpl length; simpl sum; lia. Qed.

Lemma sum_b2z {A} (p : A -> bool) l : sum (fun x => Z.b2z (p x)) l = count p l.
Proof. induction l as [|x l IH]; simpl; rewrite ?count_cons; [reflexivity | lia]. Qed.

Lemma sum_swap {A B} (f : A -> B -> Z) l m :
  sum (fun x => sum (f x) m) l = sum (fun y => sum (fun x => f x y) l) m.
Proof.
  induction l as [|x l IH]; simpl.
  - rewrite sum_const. lia.
  - rewrite IH, <- sum_add. reflexivity.
Qed.

(** A count over a product of lists, row by row. *)
Lemma count_prod {A B} (p : A * B -> bool) l m :
  count p (list_prod l m) = sum (fun x => count (fun y => p (x, y)) m) l.
Proof.
  induction l as [|x l IH]; [reflexivity|].
  simpl. rewrite count_app, count_map, IH. reflexivity.
Qed.

(** One member only is counted. *)
Lemma count_one {A} (z : A) p l :
  NoDup l -> In z l -> (forall y, p y = true <-> z = y) -> count p l = 1.
Proof.
  intros unique inside only. induction unique as [|y l fresh unique IH]; [destruct inside|].
  rewrite count_cons. destruct inside as [->|H].
  - rewrite (proj2 (only z) eq_refl), count_none; [reflexivity|].
    intros y H. destruct (p y) eqn:E; [|reflexivity]. apply only in E. congruence.
  - rewrite IH by assumption. destruct (p y) eqn:E; [|reflexivity].
    apply only in E. congruence.
Qed.

(** A list is as long as its members are counted under each key. *)
Lemma count_by_key {A B} (key : A -> B) (same : B -> B -> bool) l keys :
  (forall x y, same x y = true <-> x = y) -> NoDup keys -> (forall x, In x l -> In (key x) keys) ->
  Z.of_nat (length l) = sum (fun y => count (fun x => same (key x) y) l) keys.
Proof.
  intros spec unique within. induction l as [|x l IH].
  - simpl. rewrite (sum_ext _ (fun _ => 0 * 0)) by reflexivity. rewrite sum_const. lia.
  - rewrite (sum_ext _ (fun y => Z.b2z (same (key x) y) + count (fun x => same (key x) y) l))
      by (intros; exact (count_cons _ _ _)).
    rewrite sum_add, <- IH by (intros; apply within; now right).
    rewrite sum_b2z, (count_one (key x)).
    + cbn [length]. lia.
    + assumption.
    + apply within. now left.
    + intros. apply spec.
Qed.

(** ** Different numbers *)

Lemma distinct_count (l m : list Z) p :
  NoDup m -> (forall x, In x l <-> In x m /\ p x = true) -> distinct l = count p m.
Proof.
  intros unique same. unfold distinct, count. f_equal. apply Nat.le_antisymm.
  - apply NoDup_incl_length; [apply NoDup_nodup|].
    intros x H. apply nodup_In, same in H. now apply filter_In.
  - apply NoDup_incl_length; [now apply NoDup_filter|].
    intros x H. apply filter_In, same in H. now apply nodup_In.
Qed.

Lemma distinct_length l : NoDup l -> distinct l = Z.of_nat (length l).
Proof. intros. unfold distinct. now rewrite nodup_fixed_point. Qed.

Lemma distinct_same l m : (forall x, In x l <-> In x m) -> distinct l = distinct m.
Proof.
  intros same. unfold distinct. f_equal.
  apply Nat.le_antisymm; apply NoDup_incl_length; try apply NoDup_nodup;
    intros x H; rewrite nodup_In in *; now apply same.
Qed.

(** Chains. Each member leads to a last one of its key, and two last members of one key are equal:
    then there are as many keys as members that are last. *)
Lemma chains {A} (key : A -> Z) (more : A -> bool) (l : list A) :
  NoDup l ->
  (forall x, In x l -> exists y, In y l /\ more y = false /\ key y = key x) ->
  (forall x y, In x l -> In y l -> more x = false -> more y = false -> key x = key y -> x = y) ->
  distinct (map key l) = Z.of_nat (length l) - count more l.
Proof.
  intros unique reach last. rewrite <- count_negb. unfold count.
  rewrite <- (map_length key), <- distinct_length.
  - apply distinct_same. intros z. rewrite !in_map_iff. split.
    + intros (x & <- & H). destruct (reach x H) as (y & Hy & E & K). exists y.
      rewrite filter_In, E. auto.
    + intros (x & <- & H). apply filter_In in H. exists x. tauto.
  - apply NoDup_map_injective; [|now apply NoDup_filter].
    intros x y Hx Hy. apply filter_In in Hx, Hy. destruct Hx, Hy. apply last; auto; lia.
Qed.
