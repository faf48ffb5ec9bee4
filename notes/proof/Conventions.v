(** Corollary 10 and notes/conventions.md: what each convention and rule counts. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Products Passes.
Import ListNotations.
Open Scope Z_scope.

(** ** Definitions *)

Inductive kind := Transposed | Ordinary.
Inductive convention := Nonzero | Documented | Exact.
Inductive rule := ExactRule | InputRule | OutputRule.

(** What a layer writes and what it reads. A transposed convolution writes at the positions on which
    pairs land; an ordinary one reads there, and writes at the inputs of its axes. *)
Definition written (kd : kind) (axes : list axis) : list (list Z) :=
  match kd with Transposed => positions axes | Ordinary => input_places axes end.
Definition read (kd : kind) (axes : list axis) : list (list Z) :=
  match kd with Transposed => input_places axes | Ordinary => positions axes end.
Definition place (kd : kind) (axes : list axis) (pairs : list (Z * Z)) : list Z :=
  match kd with Transposed => layer_output axes pairs | Ordinary => map fst pairs end.

(** The products of one filter that are added up at a place, and the places that receive one. *)
Definition landing (kd : kind) (axes : list axis) (z : list Z) : Z :=
  count (fun pairs => same_tuple (place kd axes pairs) z) (layer_pairs axes).
Definition reached (kd : kind) (axes : list axis) : list (list Z) :=
  filter (fun z => 0 <? landing kd axes z) (written kd axes).

(** The taps of a whole kernel. *)
Definition kernel (axes : list axis) : list (list Z) := choices (map (fun a => range (taps a)) axes).

(** One filter. Published: a whole kernel for every place. Exact: the pairs that are kept. *)
Definition multiplications_per_filter (kd : kind) (c : convention) (axes : list axis) : Z :=
  match c with
  | Exact => layer_overlaps axes
  | _ => Z.of_nat (length (list_prod (written kd axes) (kernel axes)))
  end.

(** The products at a place, less one. The published texts say so of every place; that of ordinary
    convolutions of a whole kernel at each. *)
Definition additions_per_filter (kd : kind) (c : convention) (axes : list axis) : Z :=
  match c, kd with
  | Documented, Transposed => sum (fun z => landing kd axes z - 1) (written kd axes)
  | Documented, Ordinary => sum (fun z => Z.of_nat (length (kernel axes)) - 1) (written kd axes)
  | _, _ => sum (fun z => landing kd axes z - 1) (reached kd axes)
  end.

(** Where gamma adds channels and bias. *)
Definition aggregated (kd : kind) (c : convention) (axes : list axis) : Z :=
  Z.of_nat (length match c with Exact => reached kd axes | _ => written kd axes end).

(** gamma = C_out places (C_in / groups - 1 + [bias]) *)
Definition gamma (kd : kind) (c : convention) (l : layer) (bias : bool) : Z :=
  out_channels l * aggregated kd c (axes l) * (in_channels l / groups l - 1 + Z.b2z bias).

(** N (psi additions + gamma), and N (psi lambda + gamma) with lambda the operations of a filter. *)
Definition total_additions (kd : kind) (c : convention) (l : layer) (bias : bool) : Z :=
  batch l * (psi l * additions_per_filter kd c (axes l) + gamma kd c l bias).
Definition total (kd : kind) (c : convention) (l : layer) (bias : bool) : Z :=
  batch l * (psi l * (multiplications_per_filter kd c (axes l) + additions_per_filter kd c (axes l))
             + gamma kd c l bias).

(** The products that are kept; every element read, or every place written, gets a whole kernel. *)
Definition charged (kd : kind) (r : rule) (axes : list axis) : Z :=
  match r with
  | ExactRule => Z.of_nat (length (layer_pairs axes))
  | InputRule => Z.of_nat (length (list_prod (read kd axes) (kernel axes)))
  | OutputRule => Z.of_nat (length (list_prod (written kd axes) (kernel axes)))
  end.
Definition macs (kd : kind) (r : rule) (l : layer) : Z := batch l * psi l * charged kd r (axes l).

(** ** In products over the axes *)

Definition legal_axes (axes : list axis) : Prop := Forall legal axes.

(** Of one axis, by kind: the places written and read, and those written that receive a product. *)
Definition axis_written (kd : kind) : axis -> Z := match kd with Transposed => size | Ordinary => inputs end.
Definition axis_read (kd : kind) : axis -> Z := match kd with Transposed => inputs | Ordinary => size end.
Definition axis_reached (kd : kind) : axis -> Z :=
  match kd with Transposed => covered | Ordinary => inputs_reached end.

Lemma positions_number axes : legal_axes axes -> Z.of_nat (length (positions axes)) = product size axes.
Proof.
  intros all. fold (layer_size axes). rewrite size_of_layer. apply product_ext.
  intros a H. unfold legal_axes in all. rewrite Forall_forall in all. destruct (all a H). lia.
Qed.

Lemma input_places_number axes : legal_axes axes ->
  Z.of_nat (length (input_places axes)) = product inputs axes.
Proof.
  intros all. unfold input_places. rewrite length_choices. apply product_ext.
  intros a H. unfold legal_axes in all. rewrite Forall_forall in all. rewrite length_range.
  destruct (all a H) as ((? & _) & _). lia.
Qed.

Lemma written_number kd axes : legal_axes axes ->
  Z.of_nat (length (written kd axes)) = product (axis_written kd) axes.
Proof. intros. destruct kd; [now apply positions_number|now apply input_places_number]. Qed.

Lemma read_number kd axes : legal_axes axes ->
  Z.of_nat (length (read kd axes)) = product (axis_read kd) axes.
Proof. intros. destruct kd; [now apply input_places_number|now apply positions_number]. Qed.

Lemma kernel_number axes : legal_axes axes -> Z.of_nat (length (kernel axes)) = product taps axes.
Proof.
  intros all. unfold kernel. rewrite length_choices. apply product_ext. intros a H.
  unfold legal_axes in all. rewrite Forall_forall in all. rewrite length_range.
  destruct (all a H) as ((_ & ? & _) & _). lia.
Qed.

Lemma NoDup_written kd axes : NoDup (written kd axes).
Proof.
  destruct kd; [apply NoDup_positions|]. apply NoDup_choices, Forall_forall.
  intros l H. apply in_map_iff in H as (a & <- & _). apply NoDup_range.
Qed.

Lemma placed kd axes pairs : In pairs (layer_pairs axes) -> In (place kd axes pairs) (written kd axes).
Proof.
  destruct kd; [apply lands_on_a_position|]. rewrite layer_pairs_choices. revert pairs. cbn [place written].
  unfold input_places. induction axes as [|a axes IH]; intros xs H; apply in_choices in H;
    inversion H as [|? x ? xs' Hx Hxs]; subst; [now left|].
  apply in_choices. cbn [map]. constructor.
  - apply filter_In in Hx as [Hx _]. apply in_range. apply in_box in Hx. tauto.
  - apply in_choices, IH, in_choices, Hxs.
Qed.

(** Every kept pair is added at one place. *)
Lemma landing_sum kd axes : sum (landing kd axes) (written kd axes) = product overlaps axes.
Proof.
  rewrite <- overlaps_of_layer. symmetry. apply (count_by_key (place kd axes) same_tuple).
  - apply same_tuple_spec.
  - apply NoDup_written.
  - apply placed.
Qed.

Lemma reached_number kd axes : Z.of_nat (length (reached kd axes)) = product (axis_reached kd) axes.
Proof.
  transitivity (distinct_tuples (map (place kd axes) (layer_pairs axes))).
  2:{ destruct kd; [apply covered_of_layer|apply inputs_reached_of_layer]. }
  symmetry. apply distinct_places; [apply NoDup_written|apply placed].
Qed.

Lemma sum_positive {A} (f : A -> Z) l : (forall x, In x l -> 0 <= f x) ->
  sum f (filter (fun x => 0 <? f x) l) = sum f l.
Proof.
  intros nonneg. induction l as [|x l IH]; [reflexivity|].
  cbn [filter sum]. rewrite <- IH by (intros; apply nonneg; now right).
  pose proof (nonneg x (or_introl eq_refl)). destruct (Z.ltb_spec 0 (f x)); cbn [sum]; lia.
Qed.

Lemma additions_reached kd axes :
  sum (fun z => landing kd axes z - 1) (reached kd axes) = product overlaps axes - product (axis_reached kd) axes.
Proof.
  rewrite (sum_ext _ (fun z => landing kd axes z + -1)) by (intros; lia).
  rewrite sum_add, sum_const, reached_number. unfold reached. rewrite sum_positive.
  - rewrite landing_sum. lia.
  - intros. apply count_nonneg.
Qed.

(** Corollary 10, and the documented convention beside it. *)
Theorem corollary_10_additions axes :
  additions_per_filter Transposed Nonzero axes = product overlaps axes - product covered axes
  /\ additions_per_filter Transposed Exact axes = product overlaps axes - product covered axes
  /\ (legal_axes axes ->
      additions_per_filter Transposed Documented axes = product overlaps axes - product size axes).
Proof.
  split; [apply (additions_reached Transposed)|]. split; [apply (additions_reached Transposed)|].
  intros all. unfold additions_per_filter.
  rewrite (sum_ext _ (fun z => landing Transposed axes z + -1)) by (intros; lia).
  rewrite sum_add, sum_const, landing_sum, written_number by assumption. cbn [axis_written]. lia.
Qed.

(** The table of the conventions. *)
Theorem conventions_table kd axes c : legal_axes axes ->
  let P := product (axis_written kd) axes in
  let K := product taps axes in
  let T := product overlaps axes in
  let C := product (axis_reached kd) axes in
  multiplications_per_filter kd c axes = match c with Exact => T | _ => P * K end
  /\ additions_per_filter kd c axes
     = match c, kd with
       | Documented, Transposed => T - P
       | Documented, Ordinary => P * K - P
       | _, _ => T - C
       end
  /\ aggregated kd c axes = match c with Exact => C | _ => P end.
Proof.
  intros all P K T C. unfold P, K, T, C. split; [|split].
  - unfold multiplications_per_filter.
    destruct c; rewrite ?overlaps_of_layer, ?prod_length, ?Nat2Z.inj_mul, ?written_number, ?kernel_number;
      auto.
  - destruct c, kd; try apply additions_reached.
    + destruct (corollary_10_additions axes) as (_ & _ & E). now apply E.
    + unfold additions_per_filter. rewrite sum_const, written_number, kernel_number by assumption. ring.
  - unfold aggregated. destruct c; rewrite ?reached_number, ?written_number; auto.
Qed.

(** The table of the rules. *)
Theorem rules_table kd l : legal_axes (axes l) ->
  let K := product taps (axes l) in
  macs kd ExactRule l = batch l * psi l * product overlaps (axes l)
  /\ macs kd InputRule l = batch l * psi l * (product (axis_read kd) (axes l) * K)
  /\ macs kd OutputRule l = batch l * psi l * (product (axis_written kd) (axes l) * K).
Proof.
  intros all K. unfold K, macs, charged. rewrite !prod_length, !Nat2Z.inj_mul.
  rewrite read_number, written_number, kernel_number by assumption.
  fold (layer_overlaps (axes l)). rewrite overlaps_of_layer. auto.
Qed.

(** ** The identities *)

Lemma meetings l : proper_layer l -> psi l = out_channels l * (in_channels l / groups l).
Proof. intros proper. destruct (psi_formula l proper) as [E _]. lia. Qed.

Definition forward (kd : kind) (l : layer) : multiplication -> list Z :=
  match kd with Transposed => transposed_forward l | Ordinary => ordinary_forward end.

(** Exact is what is multiplied and added: every product that is kept, and every addition of one. *)
Theorem exact_is_what_happens kd l : proper_layer l -> legal_axes (axes l) ->
  total kd Exact l false = Z.of_nat (length (multiplications l)) + additions (forward kd l) l
  /\ total kd Exact l true
     = Z.of_nat (length (multiplications l)) + additions_with_bias (forward kd l) l.
Proof.
  intros proper all. unfold total, gamma.
  destruct (conventions_table kd (axes l) Exact all) as (m & a & g).
  rewrite m, a, g, additions_with_bias_total, (meetings l proper).
  destruct (theorem_12_transposed l proper) as (E & E1 & _).
  destruct (theorem_12_ordinary l proper) as (_ & E2 & _).
  rewrite E. unfold forward. destruct kd; rewrite ?E1, ?E2, (meetings l proper); cbn [axis_reached Z.b2z];
    split; ring.
Qed.

(** 1. Twice the MACs. *)
Theorem identity_1_twice_the_macs kd l : proper_layer l -> legal_axes (axes l) ->
  total kd Exact l true = 2 * macs kd ExactRule l
  /\ total kd Exact l false
     = 2 * macs kd ExactRule l - batch l * out_channels l * product (axis_reached kd) (axes l).
Proof.
  intros proper all. destruct (rules_table kd l all) as (E & _). rewrite E.
  destruct (conventions_table kd (axes l) Exact all) as (m & a & g).
  unfold total, gamma. rewrite m, a, g, (meetings l proper). destruct kd; cbn [Z.b2z]; split; ring.
Qed.

(** 2. Uncovered pixels: places that receive nothing. *)
Theorem identity_2_uncovered kd l bias : proper_layer l -> legal_axes (axes l) ->
  let h := product (axis_written kd) (axes l) - product (axis_reached kd) (axes l) in
  total_additions kd Nonzero l bias - total_additions kd Exact l bias
  = batch l * out_channels l * h * (in_channels l / groups l - 1 + Z.b2z bias)
  /\ (kd = Transposed ->
      total_additions kd Documented l true = total_additions kd Exact l true
      /\ total_additions kd Documented l false
         = total_additions kd Exact l false - batch l * out_channels l * h).
Proof.
  intros proper all h.
  destruct (conventions_table kd (axes l) Exact all) as (_ & a & g).
  destruct (conventions_table kd (axes l) Nonzero all) as (_ & a' & g').
  destruct (conventions_table kd (axes l) Documented all) as (_ & a'' & g'').
  unfold total_additions, gamma. rewrite a, a', a'', g, g', g'', (meetings l proper).
  unfold h. cbn [Z.b2z]. split; [destruct kd; ring|]. intros ->. split; ring.
Qed.

(** 3. The expanded forms. *)
Theorem identity_3_expanded kd l c : proper_layer l -> legal_axes (axes l) -> c <> Exact ->
  let P := product (axis_written kd) (axes l) in
  let K := product taps (axes l) in
  let expanded := batch l * psi l * (P * (K + 1) + additions_per_filter kd c (axes l)) in
  total kd c l true = expanded
  /\ total kd c l false = expanded - batch l * out_channels l * P.
Proof.
  intros proper all published P K expanded. unfold expanded, total, gamma.
  destruct (conventions_table kd (axes l) c all) as (m & _ & g). rewrite m, g, (meetings l proper).
  fold P K. destruct c; try contradiction; cbn [Z.b2z]; split; ring.
Qed.

(** 4. Gradients: by input and by weight each multiplies as often as the forward pass. *)
Theorem identity_4_gradients kd l : proper_layer l -> legal_axes (axes l) ->
  Z.of_nat (length (multiplications l)) = macs kd ExactRule l.
Proof.
  intros proper all. destruct (rules_table kd l all) as (E & _). rewrite E. now apply multiplications_number.
Qed.

(** The published page of ordinary convolutions: N psi P 2K with bias, N C_out P less without. *)
Theorem ordinary_documented_page l : proper_layer l -> legal_axes (axes l) ->
  let P := product inputs (axes l) in
  let K := product taps (axes l) in
  total Ordinary Documented l true = batch l * psi l * P * (2 * K)
  /\ total Ordinary Documented l false
     = batch l * psi l * P * (2 * K) - batch l * out_channels l * P.
Proof.
  intros proper all P K. unfold total, gamma.
  destruct (conventions_table Ordinary (axes l) Documented all) as (m & a & g).
  rewrite m, a, g, (meetings l proper). cbn [axis_written Z.b2z]. fold P K. split; ring.
Qed.

(** An implementation by matrix product and scattering multiplies every element read by the whole
    kernel, and adds what is kept: once for each sample, output channel and kept pair. *)
Theorem scatter_additions l : proper_layer l ->
  Z.of_nat (length (list_prod (range (batch l)) (list_prod (range (out_channels l)) (layer_pairs (axes l)))))
  = batch l * out_channels l * product overlaps (axes l).
Proof.
  intros (Hb & _ & Ho & _). rewrite !prod_length, !Nat2Z.inj_mul, !length_range, <- overlaps_of_layer.
  rewrite !Z.max_r by lia. unfold layer_overlaps. lia.
Qed.
