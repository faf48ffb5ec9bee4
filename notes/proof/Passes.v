(** Theorem 12: multiplications and additions of six passes, over batch, channels, groups and pairs. *)

From Coq Require Import ZArith List Bool Lia ZifyBool.
From Proof Require Import Counting Lists Products.
Import ListNotations.
Open Scope Z_scope.

(** ** A layer *)

Record layer := Layer {
  batch : Z;
  in_channels : Z;
  out_channels : Z;
  groups : Z;
  axes : list axis
}.

(** The groups divide the channels. *)
Definition proper_layer (l : layer) : Prop :=
  0 <= batch l /\ 1 <= in_channels l /\ 1 <= out_channels l /\ 1 <= groups l
  /\ (groups l | in_channels l) /\ (groups l | out_channels l).

(** Channels come in groups of equal size, one after the other. *)
Definition group (channels groups channel : Z) : Z := channel / (channels / groups).

(** psi of the notes counts the filters: an input and an output channel of one group. *)
Definition filters (l : layer) : list (Z * Z) :=
  filter (fun both => group (in_channels l) (groups l) (fst both)
                      =? group (out_channels l) (groups l) (snd both))
    (list_prod (range (in_channels l)) (range (out_channels l))).
Definition psi (l : layer) : Z := Z.of_nat (length (filters l)).

(** Every pass but grad_bias multiplies once for each sample, each filter and each kept pair. *)
Definition multiplication : Type := Z * ((Z * Z) * list (Z * Z)).
Definition multiplications (l : layer) : list multiplication :=
  list_prod (range (batch l)) (list_prod (filters l) (layer_pairs (axes l))).

(** The element of a result that a product is added to. A kept pair has an input, a tap and the
    position it lands on. *)
Definition sample (m : multiplication) : Z := fst m.
Definition in_channel (m : multiplication) : Z := fst (fst (snd m)).
Definition out_channel (m : multiplication) : Z := snd (fst (snd m)).
Definition at_inputs (m : multiplication) : list Z := map fst (snd (snd m)).
Definition at_taps (m : multiplication) : list Z := map snd (snd (snd m)).
Definition at_positions (l : layer) (m : multiplication) : list Z := layer_output (axes l) (snd (snd m)).

(** A transposed convolution writes at the positions, an ordinary one reads there and writes at the
    inputs of the axis. *)
Definition transposed_forward (l : layer) (m : multiplication) : list Z :=
  sample m :: out_channel m :: at_positions l m.
Definition transposed_grad_input (m : multiplication) : list Z :=
  sample m :: in_channel m :: at_inputs m.
Definition ordinary_forward (m : multiplication) : list Z :=
  sample m :: out_channel m :: at_inputs m.
Definition ordinary_grad_input (l : layer) (m : multiplication) : list Z :=
  sample m :: in_channel m :: at_positions l m.
Definition grad_weight (m : multiplication) : list Z :=
  in_channel m :: out_channel m :: at_taps m.

(** The elements of a result that receive a product, and the products that one of them receives. *)
Definition elements (element : multiplication -> list Z) (l : layer) : list (list Z) :=
  nodup (list_eq_dec Z.eq_dec) (map element (multiplications l)).
Definition received (element : multiplication -> list Z) (l : layer) (z : list Z) : Z :=
  count (fun m => same_tuple (element m) z) (multiplications l).

(** The first product is assigned, the others are added; a bias is added to what was received. *)
Definition additions (element : multiplication -> list Z) (l : layer) : Z :=
  sum (fun z => received element l z - 1) (elements element l).
Definition additions_with_bias (element : multiplication -> list Z) (l : layer) : Z :=
  sum (fun z => received element l z - 1 + 1) (elements element l).

(** The gradient of the bias sums, for each output channel, over samples and all places written. *)
Definition additions_of_grad_bias (l : layer) (places : list (list Z)) : Z :=
  sum (fun channel => Z.of_nat (length (list_prod (range (batch l)) places)) - 1)
    (range (out_channels l)).

(** All inputs of the axes: the places that an ordinary convolution writes. *)
Definition input_places (axes : list axis) : list (list Z) :=
  choices (map (fun a => range (inputs a)) axes).

(** ** psi *)

Lemma group_range m G c : 1 <= m -> 1 <= G -> (0 <= c < m * G <-> 0 <= c / m < G).
Proof.
  intros Hm HG. pose proof (Z.div_mod c m). pose proof (Z.mod_pos_bound c m). split; nia.
Qed.

Lemma channels_of_group m G j : 1 <= m -> 1 <= G -> 0 <= j < G ->
  count (fun c => j =? c / m) (range (m * G)) = m.
Proof.
  intros Hm HG Hj. transitivity (count (fun _ => true) (range m)).
  - apply (count_bijection (fun c => c - j * m) (fun c => c + j * m)); try apply NoDup_range.
    + intros c H E. rewrite in_range in *. pose proof (Z.div_mod c m). pose proof (Z.mod_pos_bound c m).
      assert (j = c / m) by lia. subst j. repeat split; nia.
    + intros c H _. rewrite in_range in *. repeat split; try nia.
      rewrite Z.div_add, Z.div_small by lia. lia.
  - rewrite count_all by reflexivity. rewrite length_range. lia.
Qed.

Lemma channel_parts l : proper_layer l ->
  exists m m', 1 <= m /\ 1 <= m' /\ in_channels l = m * groups l /\ out_channels l = m' * groups l
  /\ in_channels l / groups l = m /\ out_channels l / groups l = m'.
Proof.
  intros (_ & Hin & Hout & HG & [m E] & [m' E']). exists m, m'.
  rewrite E, E', !Z.div_mul by lia. repeat split; nia.
Qed.

Theorem psi_formula l : proper_layer l ->
  psi l = in_channels l / groups l * out_channels l
  /\ psi l * groups l = in_channels l * out_channels l.
Proof.
  intros proper. destruct (channel_parts l proper) as (m & m' & Hm & Hm' & E & E' & D & D').
  destruct proper as (_ & _ & _ & HG & _).
  assert (F : psi l = in_channels l * m').
  { unfold psi, filters. rewrite length_filter, count_prod.
    rewrite (sum_ext _ (fun _ => m')).
    - rewrite sum_const, length_range. lia.
    - intros c Hc. cbn [fst snd]. unfold group. rewrite D, D', E'.
      apply channels_of_group; try assumption. apply in_range in Hc. rewrite E in Hc.
      now apply group_range. }
  rewrite F, D, E'. split; nia.
Qed.

(** Every channel has a partner. *)
Lemma in_filters l c c' : In (c, c') (filters l) <->
  0 <= c < in_channels l /\ 0 <= c' < out_channels l
  /\ group (in_channels l) (groups l) c = group (out_channels l) (groups l) c'.
Proof.
  unfold filters. rewrite filter_In, in_prod_iff, !in_range. cbn [fst snd]. lia.
Qed.

Lemma some_in_channel l c' : proper_layer l -> 0 <= c' < out_channels l -> exists c, In (c, c') (filters l).
Proof.
  intros proper H. destruct (channel_parts l proper) as (m & m' & Hm & Hm' & E & E' & D & D').
  destruct proper as (_ & _ & _ & HG & _). rewrite E' in H. apply group_range in H; try assumption.
  exists (c' / m' * m). rewrite in_filters. unfold group. rewrite D, D', Z.div_mul by lia.
  split; [|split; [rewrite E'; now apply group_range|reflexivity]].
  rewrite E. apply group_range; try assumption. now rewrite Z.div_mul by lia.
Qed.

Lemma some_out_channel l c : proper_layer l -> 0 <= c < in_channels l -> exists c', In (c, c') (filters l).
Proof.
  intros proper H. destruct (channel_parts l proper) as (m & m' & Hm & Hm' & E & E' & D & D').
  destruct proper as (_ & _ & _ & HG & _). rewrite E in H. apply group_range in H; try assumption.
  exists (c / m * m'). rewrite in_filters. unfold group. rewrite D, D', Z.div_mul by lia.
  split; [rewrite E; now apply group_range|]. split; [|reflexivity].
  rewrite E'. apply group_range; try assumption. now rewrite Z.div_mul by lia.
Qed.

(** ** Elements that receive a product *)

(** What is subtracted is the number of elements that receive a product. *)
Theorem additions_total element l :
  additions element l = Z.of_nat (length (multiplications l)) - Z.of_nat (length (elements element l)).
Proof.
  unfold additions. rewrite (sum_ext _ (fun z => received element l z + -1)) by (intros; lia).
  rewrite sum_add, sum_const. unfold received.
  rewrite <- (count_by_key element same_tuple (multiplications l) (elements element l)).
  - lia.
  - apply same_tuple_spec.
  - apply NoDup_nodup.
  - intros m H. now apply nodup_In, in_map.
Qed.

Theorem additions_with_bias_total element l :
  additions_with_bias element l = Z.of_nat (length (multiplications l)).
Proof.
  unfold additions_with_bias. rewrite sum_add. fold (additions element l).
  rewrite additions_total, sum_const. lia.
Qed.

Theorem multiplications_number l : proper_layer l ->
  Z.of_nat (length (multiplications l)) = batch l * psi l * product overlaps (axes l).
Proof.
  intros (Hb & _). unfold multiplications, multiplication. rewrite !prod_length, !Nat2Z.inj_mul, length_range.
  rewrite <- overlaps_of_layer. unfold psi, layer_overlaps. rewrite Z.max_r by lia. lia.
Qed.

(** Elements named by two numbers and a tuple: as many as of each. *)
Lemma elements_number element l (pairs : list (Z * Z)) (tuples : list (list Z)) :
  NoDup pairs ->
  (forall z, In z (map element (multiplications l))
             <-> exists a b y, z = a :: b :: y /\ In (a, b) pairs /\ In y tuples) ->
  Z.of_nat (length (elements element l)) = Z.of_nat (length pairs) * distinct_tuples tuples.
Proof.
  intros unique members. unfold distinct_tuples. rewrite <- Nat2Z.inj_mul, <- prod_length.
  set (all := list_prod pairs _). set (name := fun x : (Z * Z) * list Z => fst (fst x) :: snd (fst x) :: snd x).
  rewrite <- (map_length name all).
  assert (distinct : NoDup (map name all)).
  { apply NoDup_map_injective; [|apply NoDup_list_prod; [assumption|apply NoDup_nodup]].
    intros [[a b] y] [[a' b'] y'] _ _ E. injection E as -> -> ->. reflexivity. }
  assert (same : forall z, In z (map name all) <-> In z (elements element l)).
  { intros z. unfold elements. rewrite nodup_In, members, in_map_iff. split.
    - intros ([[a b] y] & <- & H). apply in_prod_iff in H as [H H']. apply nodup_In in H'.
      exists a, b, y. auto.
    - intros (a & b & y & -> & H & H'). exists ((a, b), y). split; [reflexivity|].
      apply in_prod_iff. now rewrite nodup_In. }
  f_equal. apply Nat.le_antisymm; apply NoDup_incl_length; try assumption; try apply NoDup_nodup;
    intros z H; now apply same.
Qed.

Lemma in_multiplications l b c c' pairs :
  In (b, ((c, c'), pairs)) (multiplications l)
  <-> 0 <= b < batch l /\ In (c, c') (filters l) /\ In pairs (layer_pairs (axes l)).
Proof. unfold multiplications, multiplication. rewrite !in_prod_iff, in_range. reflexivity. Qed.

(** With a sample and an output channel. *)
Lemma elements_by_out_channel l (tuple : list (Z * Z) -> list Z) : proper_layer l ->
  Z.of_nat (length (elements (fun m => sample m :: out_channel m :: tuple (snd (snd m))) l))
  = batch l * out_channels l * distinct_tuples (map tuple (layer_pairs (axes l))).
Proof.
  intros proper.
  rewrite (elements_number _ l (list_prod (range (batch l)) (range (out_channels l)))
             (map tuple (layer_pairs (axes l)))).
  - rewrite prod_length, Nat2Z.inj_mul, !length_range.
    destruct proper as (? & ? & ? & _). rewrite !Z.max_r by lia. reflexivity.
  - apply NoDup_list_prod; apply NoDup_range.
  - intros z. rewrite in_map_iff. split.
    + intros ([b [[c c'] pairs]] & <- & H). apply in_multiplications in H as (Hb & Hc & Hp).
      exists b, c', (tuple pairs). rewrite in_prod_iff, !in_range. apply in_filters in Hc.
      split; [reflexivity|]. split; [tauto|]. now apply in_map.
    + intros (b & c' & y & -> & H & Hy). rewrite in_prod_iff, !in_range in H. destruct H as [Hb Hc].
      apply in_map_iff in Hy as (pairs & <- & Hp). destruct (some_in_channel l c' proper Hc) as [c Hcc].
      exists (b, ((c, c'), pairs)). now rewrite in_multiplications.
Qed.

(** With a sample and an input channel. *)
Lemma elements_by_in_channel l (tuple : list (Z * Z) -> list Z) : proper_layer l ->
  Z.of_nat (length (elements (fun m => sample m :: in_channel m :: tuple (snd (snd m))) l))
  = batch l * in_channels l * distinct_tuples (map tuple (layer_pairs (axes l))).
Proof.
  intros proper.
  rewrite (elements_number _ l (list_prod (range (batch l)) (range (in_channels l)))
             (map tuple (layer_pairs (axes l)))).
  - rewrite prod_length, Nat2Z.inj_mul, !length_range.
    destruct proper as (? & ? & ? & _). rewrite !Z.max_r by lia. reflexivity.
  - apply NoDup_list_prod; apply NoDup_range.
  - intros z. rewrite in_map_iff. split.
    + intros ([b [[c c'] pairs]] & <- & H). apply in_multiplications in H as (Hb & Hc & Hp).
      exists b, c, (tuple pairs). rewrite in_prod_iff, !in_range. apply in_filters in Hc.
      split; [reflexivity|]. split; [tauto|]. now apply in_map.
    + intros (b & c & y & -> & H & Hy). rewrite in_prod_iff, !in_range in H. destruct H as [Hb Hc].
      apply in_map_iff in Hy as (pairs & <- & Hp). destruct (some_out_channel l c proper Hc) as [c' Hcc].
      exists (b, ((c, c'), pairs)). now rewrite in_multiplications.
Qed.

Lemma NoDup_filters l : NoDup (filters l).
Proof. apply NoDup_filter, NoDup_list_prod; apply NoDup_range. Qed.

(** With both channels, if there is a sample. *)
Lemma elements_by_filter l (tuple : list (Z * Z) -> list Z) : 1 <= batch l ->
  Z.of_nat (length (elements (fun m => in_channel m :: out_channel m :: tuple (snd (snd m))) l))
  = psi l * distinct_tuples (map tuple (layer_pairs (axes l))).
Proof.
  intros Hb. apply (elements_number _ l (filters l) (map tuple (layer_pairs (axes l)))).
  - apply NoDup_filters.
  - intros z. rewrite in_map_iff. split.
    + intros ([b [[c c'] pairs]] & <- & H). apply in_multiplications in H as (_ & Hc & Hp).
      exists c, c', (tuple pairs). split; [reflexivity|]. split; [assumption|]. now apply in_map.
    + intros (c & c' & y & -> & H & Hy). apply in_map_iff in Hy as (pairs & <- & Hp).
      exists (0, ((c, c'), pairs)). split; [reflexivity|]. rewrite in_multiplications. repeat split; auto; lia.
Qed.

Lemma grad_bias_total l places : 0 <= batch l -> 0 <= out_channels l ->
  additions_of_grad_bias l places = out_channels l * (batch l * Z.of_nat (length places) - 1).
Proof.
  intros. unfold additions_of_grad_bias. rewrite sum_const, length_range, prod_length, Nat2Z.inj_mul, length_range.
  rewrite !Z.max_r by lia. lia.
Qed.

(** ** Theorem 12 *)

Theorem theorem_12_transposed l :
  let M := batch l * psi l * product overlaps (axes l) in
  proper_layer l ->
  Z.of_nat (length (multiplications l)) = M
  /\ additions (transposed_forward l) l = M - batch l * out_channels l * product covered (axes l)
  /\ additions_with_bias (transposed_forward l) l = M
  /\ additions transposed_grad_input l = M - batch l * in_channels l * product inputs_reached (axes l)
  /\ (1 <= batch l -> additions grad_weight l = M - psi l * product taps_reached (axes l))
  /\ (Forall legal (axes l) ->
      additions_of_grad_bias l (positions (axes l))
      = out_channels l * (batch l * product size (axes l) - 1)).
Proof.
  intros M proper. pose proof (multiplications_number l proper) as E. fold M in E.
  rewrite !additions_total, additions_with_bias_total, E.
  split; [reflexivity|].
  split; [f_equal; rewrite <- covered_of_layer; exact (elements_by_out_channel l (layer_output (axes l)) proper)|].
  split; [reflexivity|].
  split; [f_equal; rewrite <- inputs_reached_of_layer; exact (elements_by_in_channel l (map fst) proper)|].
  split; [intros Hb; f_equal; rewrite <- taps_reached_of_layer; exact (elements_by_filter l (map snd) Hb)|].
  intros all. destruct proper as (? & ? & ? & _). rewrite grad_bias_total by lia.
  fold (layer_size (axes l)). rewrite size_of_layer.
  rewrite (product_ext _ size); [reflexivity|].
  intros a H2. rewrite Forall_forall in all. destruct (all a H2) as [_ ?]. lia.
Qed.

Theorem theorem_12_ordinary l :
  let M := batch l * psi l * product overlaps (axes l) in
  proper_layer l ->
  Z.of_nat (length (multiplications l)) = M
  /\ additions ordinary_forward l = M - batch l * out_channels l * product inputs_reached (axes l)
  /\ additions_with_bias ordinary_forward l = M
  /\ additions (ordinary_grad_input l) l = M - batch l * in_channels l * product covered (axes l)
  /\ (1 <= batch l -> additions grad_weight l = M - psi l * product taps_reached (axes l))
  /\ (Forall legal (axes l) ->
      additions_of_grad_bias l (input_places (axes l))
      = out_channels l * (batch l * product inputs (axes l) - 1)).
Proof.
  intros M proper. pose proof (multiplications_number l proper) as E. fold M in E.
  rewrite !additions_total, additions_with_bias_total, E.
  split; [reflexivity|].
  split; [f_equal; rewrite <- inputs_reached_of_layer; exact (elements_by_out_channel l (map fst) proper)|].
  split; [reflexivity|].
  split; [f_equal; rewrite <- covered_of_layer; exact (elements_by_in_channel l (layer_output (axes l)) proper)|].
  split; [intros Hb; f_equal; rewrite <- taps_reached_of_layer; exact (elements_by_filter l (map snd) Hb)|].
  intros all. destruct proper as (? & ? & ? & _). rewrite grad_bias_total by lia.
  unfold input_places. rewrite length_choices.
  rewrite (product_ext _ inputs); [reflexivity|].
  intros a H2. rewrite length_range. rewrite Forall_forall in all. destruct (all a H2) as [(? & _) _]. lia.
Qed.

(** ** Gradients *)

(** What a pass computes for an element: the sum of the products that belong to it. *)
Definition result (element : multiplication -> list Z) (term : multiplication -> Z) (l : layer)
    (z : list Z) : Z :=
  sum term (filter (fun m => same_tuple (element m) z) (multiplications l)).

Lemma sum_filter {A} (f : A -> Z) p l : sum f (filter p l) = sum (fun x => f x * Z.b2z (p x)) l.
Proof. induction l as [|x l IH]; [reflexivity|]. cbn [filter]. destruct (p x) eqn:E; cbn [sum]; rewrite IH, E; cbn [Z.b2z]; lia. Qed.

Lemma sum_of_results element (weight : list Z -> Z) (term : multiplication -> Z) l :
  sum (fun z => weight z * result element term l z) (elements element l)
  = sum (fun m => weight (element m) * term m) (multiplications l).
Proof.
  transitivity (sum (fun z => sum (fun m => weight (element m) * term m * Z.b2z (same_tuple (element m) z))
                                (multiplications l)) (elements element l)).
  - apply sum_ext. intros z _. unfold result. rewrite sum_filter, <- sum_scale. apply sum_ext. intros m _.
    destruct (same_tuple (element m) z) eqn:E; cbn [Z.b2z]; [|lia].
    apply same_tuple_spec in E. subst z. lia.
  - rewrite sum_swap. apply sum_ext. intros m H.
    rewrite (sum_scale (weight (element m) * term m) (fun z => Z.b2z (same_tuple (element m) z))).
    rewrite sum_b2z, (count_one (element m)); [lia|apply NoDup_nodup|now apply nodup_In, in_map|].
    apply same_tuple_spec.
Qed.

(** Input x, weights w and the gradient g of the result meet in one sum over the multiplications.
    So the passes by input and by weight are the transposes of the forward pass, of either kind:
    its gradients. *)
Theorem theorem_12_gradients l (x w g : list Z -> Z) (forward grad_input : multiplication -> list Z) :
  let pairing element weight term := sum (fun z => weight z * result element term l z) (elements element l) in
  pairing grad_input x (fun m => w (grad_weight m) * g (forward m))
  = pairing forward g (fun m => x (grad_input m) * w (grad_weight m))
  /\ pairing grad_weight w (fun m => x (grad_input m) * g (forward m))
     = pairing forward g (fun m => x (grad_input m) * w (grad_weight m)).
Proof.
  intros pairing. unfold pairing. rewrite !sum_of_results.
  split; apply sum_ext; intros m _; ring.
Qed.

(** Without samples nothing is multiplied, and nothing added. *)
Theorem theorem_12_no_samples l element : batch l = 0 ->
  multiplications l = [] /\ additions element l = 0 /\ additions_with_bias element l = 0.
Proof.
  intros E. assert (none : multiplications l = []) by (unfold multiplications; now rewrite E).
  split; [assumption|]. unfold additions, additions_with_bias, elements. rewrite none. auto.
Qed.
