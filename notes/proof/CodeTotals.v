(** The code of totals.py: products over the axes, conventions, rules and passes. *)

From Coq Require Import ZArith List Bool Lia ZifyBool String.
From Proof Require Import Counting Lists Products Passes Conventions.
From Proof Require Import Python CodeAxis.
From Proof Require Code.
Import ListNotations.
Open Scope Z_scope.

Definition transposed (kd : kind) : bool := match kd with Transposed => true | Ordinary => false end.

(** ** Products over the axes *)

(** What an axis has on the other side: inputs of a transposed convolution that are reached, or
    inputs that an ordinary one reads. *)
Definition axis_other (kd : kind) : axis -> Z :=
  match kd with Transposed => inputs_reached | Ordinary => covered end.

(** The products over the axes. *)
Definition products_of (kd : kind) (axes : list axis) : Code.Products :=
  Code.Build_Products (product (axis_read kd) axes) (product taps axes)
    (product (axis_written kd) axes) (product overlaps axes) (product (axis_reached kd) axes).

Lemma products_round kd a sizes n k L T C : legal a ->
  Code.products_round (transposed kd) (sizes, n, k, L, T, C) a
  = (sizes ++ [axis_written kd a], n * axis_read kd a, k * taps a, L * axis_written kd a,
     T * overlaps a, C * axis_reached kd a).
Proof.
  intros legal_a. unfold Code.products_round. destruct kd; cbv zeta; cbn [transposed].
  - now rewrite extent_counts.
  - now rewrite size_counts, overlaps_counts, inputs_reached_counts.
Qed.

Lemma products_rounds kd axes : legal_axes axes -> forall sizes n k L T C,
  fold_left (Code.products_round (transposed kd)) axes (sizes, n, k, L, T, C)
  = (sizes ++ map (axis_written kd) axes, n * product (axis_read kd) axes, k * product taps axes,
     L * product (axis_written kd) axes, T * product overlaps axes,
     C * product (axis_reached kd) axes).
Proof.
  induction 1 as [|a axes legal_a all IH]; intros.
  - cbn [fold_left map product fold_right]. now rewrite app_nil_r, !Z.mul_1_r.
  - cbn [fold_left]. rewrite products_round, IH by assumption.
    cbn [map product fold_right]. now rewrite <- app_assoc, !Z.mul_assoc.
Qed.

Theorem products_counts kd axes : legal_axes axes ->
  Code.products axes (transposed kd) = (map (axis_written kd) axes, products_of kd axes).
Proof.
  intros all. unfold Code.products. cbv zeta. rewrite products_rounds, !Z.mul_1_l by assumption.
  reflexivity.
Qed.

Lemma reached_rounds kd axes : legal_axes axes -> forall I J,
  fold_left (Code.reached_round (transposed kd)) axes (I, J)
  = (I * product (axis_other kd) axes, J * product taps_reached axes).
Proof.
  induction 1 as [|a axes legal_a all IH]; intros.
  - cbn [fold_left product fold_right]. now rewrite !Z.mul_1_r.
  - cbn [fold_left product fold_right]. unfold Code.reached_round at 2. cbv zeta.
    rewrite overlaps_counts, taps_reached_counts, IH, !Z.mul_assoc by assumption.
    destruct kd; cbn [transposed axis_other]; now rewrite ?inputs_reached_counts, ?covered_counts.
Qed.

Theorem reached_counts kd axes : legal_axes axes ->
  Code.reached axes (transposed kd)
  = Code.Build_Reached (products_of kd axes) (product (axis_other kd) axes)
      (product taps_reached axes).
Proof.
  intros all. unfold Code.reached. cbv zeta.
  rewrite reached_rounds, products_counts, !Z.mul_1_l by assumption. reflexivity.
Qed.

Lemma each_run {A B} (round : A -> B -> A) (runs : A -> B -> Prop) (fine : B -> Prop) members :
  Forall fine members -> (forall state member, fine member -> runs state member) ->
  forall state, each_runs round runs members state.
Proof. intros all run. induction all; cbn; auto. Qed.

Theorem products_run b axes : legal_axes axes -> Code.products_runs axes b.
Proof.
  intros all. apply (each_run _ _ legal); [assumption|].
  intros [[[[[? ?] ?] ?] ?] ?] a [proper_a _]. unfold Code.products_round_runs.
  destruct b; [now apply extent_runs|].
  split; [now apply overlaps_runs | now apply inputs_reached_runs].
Qed.

Theorem reached_run b axes : legal_axes axes -> Code.reached_runs axes b.
Proof.
  intros all. unfold Code.reached_runs. cbv zeta. split.
  - apply (each_run _ _ legal); [assumption|]. intros [? ?] a [proper_a _].
    split; [now apply overlaps_runs|]. split; [|now apply taps_reached_runs].
    destruct b; [now apply inputs_reached_runs | now apply covered_runs].
  - destruct (fold_left _ _ _). now apply products_run.
Qed.

(** ** Conventions and rules *)

Definition convention_word (c : convention) : string :=
  match c with Nonzero => "nonzero" | Documented => "documented" | Exact => "exact" end%string.
Definition rule_word (r : rule) : string :=
  match r with ExactRule => "exact" | InputRule => "input" | OutputRule => "output" end%string.

(** A layer as the code has it, and its bias: 1 or 0. *)
Definition code_layer (l : layer) (bias : bool) : Code.LayerLike :=
  Code.Build_LayerLike (in_channels l) (out_channels l) (groups l) (Z.b2z bias) (batch l).

Theorem filters_counts l bias : proper_layer l -> Code.filters (code_layer l bias) = psi l.
Proof. intros proper. symmetry. apply psi_formula, proper. Qed.

Theorem macs_counts kd l bias r : proper_layer l -> legal_axes (axes l) ->
  Code.macs (code_layer l bias) (products_of kd (axes l)) (rule_word r) = macs kd r l.
Proof.
  intros proper all. unfold Code.macs. rewrite filters_counts by assumption.
  destruct (rules_table kd l all) as (exact & input & output).
  destruct r; rewrite ?exact, ?input, ?output; reflexivity.
Qed.

(** Every count of a layer. *)
Theorem count_counts kd l bias c r : proper_layer l -> legal_axes (axes l) ->
  let (sizes, products) := Code.products (axes l) (transposed kd) in
  Code.count (code_layer l bias) sizes products (convention_word c) (rule_word r) (transposed kd)
  = Code.Build_Count (map (axis_written kd) (axes l))
      (Z.of_nat (List.length (written kd (axes l)))) (layer_overlaps (axes l))
      (Z.of_nat (List.length (reached kd (axes l)))) (psi l)
      (multiplications_per_filter kd c (axes l)) (additions_per_filter kd c (axes l))
      (multiplications_per_filter kd c (axes l) + additions_per_filter kd c (axes l))
      (gamma kd c l bias) (total kd c l bias) (macs kd r l) (convention_word c) (rule_word r).
Proof.
  intros proper all. rewrite products_counts by assumption.
  unfold Code.count. cbv zeta. rewrite filters_counts, macs_counts by assumption.
  destruct (conventions_table kd (axes l) c all) as (m & a & g).
  unfold total, gamma. rewrite m, a, g, overlaps_of_layer, written_number, reached_number by assumption.
  destruct c, kd; reflexivity.
Qed.

Theorem additions_per_filter_counts kd axes c : legal_axes axes ->
  Code.additions_per_filter (products_of kd axes) (convention_word c) (transposed kd)
  = additions_per_filter kd c axes.
Proof.
  intros all. destruct (conventions_table kd axes c all) as (_ & -> & _). destruct c, kd; reflexivity.
Qed.

Theorem additions_per_filter_runs kd products c :
  Code.additions_per_filter_runs products (convention_word c) (transposed kd).
Proof. destruct kd, c; cbn; auto. Qed.

Lemma filters_run l bias : proper_layer l -> Code.filters_runs (code_layer l bias).
Proof. intros (_ & _ & _ & ? & _). assumption. Qed.

(** The words are those of the tables. *)
Lemma macs_run l bias products r : proper_layer l ->
  Code.macs_runs (code_layer l bias) products (rule_word r).
Proof. intros proper. split; [now apply filters_run|]. destruct r; cbn; auto. Qed.

Theorem count_runs kd l bias c r sizes products : proper_layer l ->
  Code.count_runs (code_layer l bias) sizes products (convention_word c) (rule_word r) (transposed kd).
Proof.
  intros proper. pose proof (filters_run l bias proper) as runs.
  assert (words : Code.convention_named_runs (convention_word c) (transposed kd)).
  { destruct kd, c; cbn; auto. }
  exact (conj words (conj runs (conj runs (macs_run l bias products r proper)))).
Qed.

(** ** Passes *)

Definition grad_input (kd : kind) (l : layer) : multiplication -> list Z :=
  match kd with Transposed => transposed_grad_input | Ordinary => ordinary_grad_input l end.

Lemma element_numbers kd l : proper_layer l ->
  let number element := Z.of_nat (List.length (elements element l)) in
  number (forward kd l) = batch l * out_channels l * product (axis_reached kd) (axes l)
  /\ number (grad_input kd l) = batch l * in_channels l * product (axis_other kd) (axes l)
  /\ number grad_weight
     = psi l * product taps_reached (axes l) * (if 0 <? batch l then 1 else 0).
Proof.
  intros proper number. unfold number. split; [|split].
  - destruct kd; cbn [forward axis_reached].
    + rewrite <- covered_of_layer. exact (elements_by_out_channel l (layer_output (axes l)) proper).
    + rewrite <- inputs_reached_of_layer. exact (elements_by_out_channel l (map fst) proper).
  - destruct kd; cbn [grad_input axis_other].
    + rewrite <- inputs_reached_of_layer. exact (elements_by_in_channel l (map fst) proper).
    + rewrite <- covered_of_layer. exact (elements_by_in_channel l (layer_output (axes l)) proper).
  - rewrite <- taps_reached_of_layer. destruct (0 <? batch l) eqn:some.
    + rewrite Z.mul_1_r. apply (elements_by_filter l (map snd)). lia.
    + destruct (theorem_12_no_samples l grad_weight) as [none _]; [destruct proper as (? & _); lia|].
      unfold elements. rewrite none. cbn [map nodup List.length]. lia.
Qed.

(** A pass that multiplies: MACs as charged; additions; operations; the elements of its result; those
    of them that receive a product. *)
Definition pass (l : layer) (macs added all : Z) (element : multiplication -> list Z) : Code.Pass :=
  Code.Build_Pass macs added (Z.of_nat (List.length (multiplications l)) + added) all
    (Z.of_nat (List.length (elements element l))).

(** The gradient of the bias, if there is one: a sum for each channel, of something where there is
    a sample. *)
Definition bias_pass (l : layer) (bias : bool) (places : list (list Z)) : Code.Pass :=
  let added := if bias && (0 <? batch l) then additions_of_grad_bias l places else 0 in
  Code.Build_Pass 0 added added (if bias then out_channels l else 0)
    (if bias && (0 <? batch l) then out_channels l else 0).

Theorem passes_counts kd l bias r : proper_layer l -> legal_axes (axes l) ->
  let all_of places := Z.of_nat (List.length (places kd (axes l))) in
  Code.passes (code_layer l bias) (Code.reached (axes l) (transposed kd)) (rule_word r)
  = Code.Build_Passes
      (pass l (macs kd r l)
         (if bias then additions_with_bias (forward kd l) l else additions (forward kd l) l)
         (batch l * out_channels l * all_of written) (forward kd l))
      (pass l (macs kd r l) (additions (grad_input kd l) l)
         (batch l * in_channels l * all_of read) (grad_input kd l))
      (pass l (macs kd r l) (additions grad_weight l)
         (psi l * Z.of_nat (List.length (kernel (axes l)))) grad_weight)
      (bias_pass l bias (written kd (axes l))).
Proof.
  intros proper all all_of. unfold all_of. rewrite reached_counts by assumption.
  unfold Code.passes, Code.cost. cbv zeta. cbn [Code.Reached_products].
  change "exact"%string with (rule_word ExactRule).
  rewrite !macs_counts, filters_counts, positive_counts by assumption.
  destruct (element_numbers kd l proper) as (n1 & n2 & n3).
  pose proof (proj1 proper) as Hb. pose proof (proj1 (proj2 (proj2 proper))) as Ho.
  unfold pass, bias_pass. rewrite !additions_total, additions_with_bias_total, n1, n2, n3.
  rewrite (identity_4_gradients kd) by assumption.
  rewrite grad_bias_total, written_number, read_number, kernel_number by (assumption || lia).
  cbv beta iota zeta delta [
    Code.PASSES String.eqb Ascii.eqb Bool.eqb products_of code_layer
    Code.Result_blocks Code.Result_elements Code.Result_reached Code.Result_batched
    Code.LayerLike_in_channels Code.LayerLike_out_channels Code.LayerLike_groups
    Code.LayerLike_bias Code.LayerLike_batch_size
    Code.Reached_products Code.Reached_inputs Code.Reached_taps
    Code.Products_inputs Code.Products_taps Code.Products_positions Code.Products_overlaps
    Code.Products_covered].
  destruct bias, (0 <? batch l) eqn:some; cbn [Z.b2z andb];
    try replace (batch _) with 0 by lia; f_equal; f_equal; ring.
Qed.

Theorem passes_run l bias r products : proper_layer l ->
  Code.passes_runs (code_layer l bias) products (rule_word r).
Proof.
  intros proper. pose proof (filters_run l bias proper) as runs.
  exact (conj (macs_run l bias _ ExactRule proper) (conj (macs_run l bias _ r proper)
    (conj (conj (or_introl eq_refl) runs)
      (conj (conj (or_intror (or_introl eq_refl)) runs)
        (conj (or_intror (or_intror (or_introl eq_refl))) runs))))).
Qed.

(** A training step, with or without the gradient by the input: the sum of its passes. *)
Theorem training_step_counts passes with_grad_input count :
  In count [Code.Pass_macs; Code.Pass_additions; Code.Pass_operations; Code.Pass_elements;
            Code.Pass_reached] ->
  count (Code.training_step passes with_grad_input)
  = count (Code.Passes_forward passes)
    + (if with_grad_input then count (Code.Passes_grad_input passes) else 0)
    + count (Code.Passes_grad_weight passes) + count (Code.Passes_grad_bias passes).
Proof.
  intros of_a_pass. unfold Code.training_step, Code.together. cbv zeta.
  repeat destruct of_a_pass as [<-|of_a_pass]; try contradiction; destruct with_grad_input;
    cbn [Code.Pass_macs Code.Pass_additions Code.Pass_operations Code.Pass_elements
         Code.Pass_reached]; lia.
Qed.
