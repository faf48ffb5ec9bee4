(** Corollary 10 and notes/conventions.md: what each convention and rule counts. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Products Passes.
Import ListNotations.
Open Scope Z_scope.

(** ** Definitions *)

Inductive convention := Nonzero | Documented | Exact.

(** The taps of a whole kernel, and the positions that something lands on. *)
Definition kernel (axes : list axis) : list (list Z) := choices (map (fun a => range (taps a)) axes).
Definition covered_positions (axes : list axis) : list (list Z) :=
  filter (fun y => 0 <? layer_coverage axes y) (positions axes).

(** One filter. Published: a whole kernel for every position. Exact: the pairs that land. *)
Definition multiplications_per_filter (c : convention) (axes : list axis) : Z :=
  match c with
  | Exact => layer_overlaps axes
  | _ => Z.of_nat (length (list_prod (positions axes) (kernel axes)))
  end.

(** The products on a position less one. The published text says so of every position. *)
Definition additions_per_filter (c : convention) (axes : list axis) : Z :=
  sum (fun y => layer_coverage axes y - 1)
    match c with Documented => positions axes | _ => covered_positions axes end.

(** Where gamma adds channels and bias. *)
Definition aggregated (c : convention) (axes : list axis) : Z :=
  Z.of_nat (length match c with Exact => covered_positions axes | _ => positions axes end).

(** gamma = C_out positions (C_in / groups - 1 + [bias]) *)
Definition gamma (c : convention) (l : layer) (bias : bool) : Z :=
  out_channels l * aggregated c (axes l) * (in_channels l / groups l - 1 + Z.b2z bias).

(** N psi additions + N gamma, and N (psi lambda + gamma). *)
Definition total_additions (c : convention) (l : layer) (bias : bool) : Z :=
  batch l * (psi l * additions_per_filter c (axes l) + gamma c l bias).
Definition total (c : convention) (l : layer) (bias : bool) : Z :=
  batch l * (psi l * (multiplications_per_filter c (axes l) + additions_per_filter c (axes l))
             + gamma c l bias).

Inductive rule := ExactRule | InputRule | OutputRule.

(** The products that land; every input meets the whole kernel; every output gets a whole kernel. *)
Definition charged (r : rule) (axes : list axis) : Z :=
  match r with
  | ExactRule => Z.of_nat (length (layer_pairs axes))
  | InputRule => Z.of_nat (length (layer_box axes))
  | OutputRule => Z.of_nat (length (list_prod (positions axes) (kernel axes)))
  end.
Definition macs (r : rule) (l : layer) : Z := batch l * psi l * charged r (axes l).

(** ** In products over the axes *)

Definition legal_axes (axes : list axis) : Prop := Forall legal axes.

Lemma positions_number axes : legal_axes axes -> Z.of_nat (length (positions axes)) = product size axes.
Proof.
  intros all. fold (layer_size axes). rewrite size_of_layer. apply product_ext.
  intros a H. unfold legal_axes in all. rewrite Forall_forall in all. destruct (all a H). lia.
Qed.

Lemma kernel_number axes : legal_axes axes -> Z.of_nat (length (kernel axes)) = product taps axes.
Proof.
  intros all. unfold kernel. rewrite length_choices. apply product_ext. intros a H.
  unfold legal_axes in all. rewrite Forall_forall in all. rewrite length_range.
  destruct (all a H) as ((_ & ? & _) & _). lia.
Qed.

Lemma box_number axes : legal_axes axes ->
  Z.of_nat (length (layer_box axes)) = product inputs axes * product taps axes.
Proof.
  intros all. unfold layer_box. rewrite length_choices.
  induction all as [|a axes ((? & ? & _) & _) _ IH]; [reflexivity|].
  cbn [product fold_right]. fold (product (fun a => Z.of_nat (length (box (inputs a) (taps a)))) axes).
  rewrite IH, length_box. fold (product inputs axes) (product taps axes).
  rewrite !Z.max_r by lia. ring.
Qed.

Lemma covered_number axes : Z.of_nat (length (covered_positions axes)) = product covered axes.
Proof. rewrite <- covered_of_layer, covered_by_positions. reflexivity. Qed.

Lemma sum_positive {A} (f : A -> Z) l : (forall x, In x l -> 0 <= f x) ->
  sum f (filter (fun x => 0 <? f x) l) = sum f l.
Proof.
  intros nonneg. induction l as [|x l IH]; [reflexivity|].
  cbn [filter sum]. rewrite <- IH by (intros; apply nonneg; now right).
  pose proof (nonneg x (or_introl eq_refl)). destruct (Z.ltb_spec 0 (f x)); cbn [sum]; lia.
Qed.

(** Corollary 10, and the documented convention beside it. *)
Theorem corollary_10_additions axes :
  additions_per_filter Nonzero axes = product overlaps axes - product covered axes
  /\ additions_per_filter Exact axes = product overlaps axes - product covered axes
  /\ (legal_axes axes ->
      additions_per_filter Documented axes = product overlaps axes - product size axes).
Proof.
  assert (E : sum (fun y => layer_coverage axes y - 1) (covered_positions axes)
              = product overlaps axes - product covered axes).
  { rewrite (sum_ext _ (fun y => layer_coverage axes y + -1)) by (intros; lia).
    rewrite sum_add, sum_const, covered_number. unfold covered_positions. rewrite sum_positive.
    - rewrite <- overlaps_by_positions, overlaps_of_layer. lia.
    - intros. apply count_nonneg. }
  split; [exact E|]. split; [exact E|]. intros all. unfold additions_per_filter.
  rewrite (sum_ext _ (fun y => layer_coverage axes y + -1)) by (intros; lia).
  rewrite sum_add, sum_const, positions_number, <- overlaps_by_positions, overlaps_of_layer by assumption. lia.
Qed.

(** The table of the conventions. *)
Theorem conventions_table axes c : legal_axes axes ->
  multiplications_per_filter c axes
  = match c with Exact => product overlaps axes | _ => product size axes * product taps axes end
  /\ additions_per_filter c axes
     = product overlaps axes - match c with Documented => product size axes | _ => product covered axes end
  /\ aggregated c axes = match c with Exact => product covered axes | _ => product size axes end.
Proof.
  intros all. destruct (corollary_10_additions axes) as (E & E' & E'').
  split; [|split].
  - unfold multiplications_per_filter.
    destruct c; rewrite ?overlaps_of_layer, ?prod_length, ?Nat2Z.inj_mul, ?positions_number, ?kernel_number;
      auto.
  - destruct c; auto.
  - unfold aggregated. destruct c; rewrite ?covered_number, ?positions_number; auto.
Qed.

(** The table of the rules. *)
Theorem rules_table l : legal_axes (axes l) ->
  macs ExactRule l = batch l * psi l * product overlaps (axes l)
  /\ macs InputRule l = batch l * psi l * (product inputs (axes l) * product taps (axes l))
  /\ macs OutputRule l = batch l * psi l * (product size (axes l) * product taps (axes l)).
Proof.
  intros all. unfold macs, charged. rewrite box_number, prod_length, Nat2Z.inj_mul by assumption.
  rewrite positions_number, kernel_number by assumption.
  fold (layer_overlaps (axes l)). rewrite overlaps_of_layer. auto.
Qed.

(** ** The identities *)

Lemma meetings l : proper_layer l -> psi l = out_channels l * (in_channels l / groups l).
Proof. intros proper. destruct (psi_formula l proper) as [E _]. lia. Qed.

(** Exact is what is multiplied and added: every product that lands, and every addition of one. *)
Theorem exact_is_what_happens l : proper_layer l -> legal_axes (axes l) ->
  total Exact l false = Z.of_nat (length (multiplications l)) + additions (transposed_forward l) l
  /\ total Exact l true
     = Z.of_nat (length (multiplications l)) + additions_with_bias (transposed_forward l) l.
Proof.
  intros proper all. destruct (theorem_12_transposed l proper) as (E & E1 & E2 & _).
  rewrite E, E1, E2. destruct (conventions_table (axes l) Exact all) as (m & a & g).
  unfold total, gamma. rewrite m, a, g, (meetings l proper). cbn [Z.b2z]. split; ring.
Qed.

(** 1. Twice the MACs. *)
Theorem identity_1_twice_the_macs l : proper_layer l -> legal_axes (axes l) ->
  total Exact l true = 2 * macs ExactRule l
  /\ total Exact l false = 2 * macs ExactRule l - batch l * out_channels l * product covered (axes l).
Proof.
  intros proper all. destruct (rules_table l all) as (E & _). rewrite E.
  destruct (conventions_table (axes l) Exact all) as (m & a & g).
  unfold total, gamma. rewrite m, a, g, (meetings l proper). cbn [Z.b2z]. split; ring.
Qed.

(** 2. Uncovered pixels. *)
Theorem identity_2_uncovered l bias : proper_layer l -> legal_axes (axes l) ->
  let h := product size (axes l) - product covered (axes l) in
  total_additions Nonzero l bias - total_additions Exact l bias
  = batch l * out_channels l * h * (in_channels l / groups l - 1 + Z.b2z bias)
  /\ total_additions Documented l true = total_additions Exact l true
  /\ total_additions Documented l false
     = total_additions Exact l false - batch l * out_channels l * h.
Proof.
  intros proper all h.
  destruct (conventions_table (axes l) Exact all) as (_ & a & g).
  destruct (conventions_table (axes l) Nonzero all) as (_ & a' & g').
  destruct (conventions_table (axes l) Documented all) as (_ & a'' & g'').
  unfold total_additions, gamma. rewrite a, a', a'', g, g', g'', (meetings l proper).
  unfold h. cbn [Z.b2z]. repeat split; ring.
Qed.

(** 3. The expanded forms. *)
Theorem identity_3_expanded l c : proper_layer l -> legal_axes (axes l) -> c <> Exact ->
  let P := product size (axes l) in
  let K := product taps (axes l) in
  let expanded := batch l * psi l * (P * (K + 1) + additions_per_filter c (axes l)) in
  total c l true = expanded
  /\ total c l false = expanded - batch l * out_channels l * P.
Proof.
  intros proper all published P K expanded. unfold expanded, total, gamma.
  destruct (conventions_table (axes l) c all) as (m & _ & g). rewrite m, g, (meetings l proper).
  fold P K. destruct c; try contradiction; cbn [Z.b2z]; split; ring.
Qed.

(** 4. Gradients: by input and by weight each multiplies as often as the forward pass. *)
Theorem identity_4_gradients l : proper_layer l -> legal_axes (axes l) ->
  Z.of_nat (length (multiplications l)) = macs ExactRule l.
Proof.
  intros proper all. destruct (rules_table l all) as (E & _). rewrite E. now apply multiplications_number.
Qed.
