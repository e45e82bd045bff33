"""Ideas of articles 002 to 004 that a test of another folder proves, or that the library lacks.

See page.py.
"""
# A name of a test is one word, and Chinese is wide.
# ruff: noqa: E501


def content_based():
    """
    75 | 002 2.1 | content-based recommendation | 基于内容的推荐
    102 | 003 2.1 | content-based recommendation | 基于内容的推荐

    formula: score(u, i) = <sum over the history h of C_h, C_i> / sqrt(1 + n) + b_i
    use: `ContentBased`; without training `ContentKNN`
    command: kerasrec fit configs/synthetic/content_based.yaml
    proof: tests/zoo/test_content_based.py::test_the_score_by_hand
    """


def user_based():
    """
    75 | 002 2.1 | collaborative filtering | 协同过滤
    101 | 003 2.1 | user-based collaborative filtering | 基于用户的协同过滤

    formula: score(u, i) = sum over the users v near u who took i of s(u, v)
    use: `UserKNN`
    command: kerasrec fit configs/synthetic/user_knn.yaml
    proof: tests/zoo/test_user_knn.py::test_scores_by_hand
    """


def item_based():
    """
    101 | 003 2.1 | item-based collaborative filtering | 基于物品的协同过滤

    formula: score(u, i) = sum over the history h of s(h, i)
    use: `ItemKNN`
    command: kerasrec fit configs/synthetic/item_knn.yaml
    proof: tests/zoo/test_item_knn.py::test_weights_by_hand
    """


def factors():
    """
    101 | 003 2.1 | model-based collaborative filtering, matrix factorization | 基于模型的协同过滤、矩阵分解

    formula: score(u, i) = <u, v> + b_u + b_i + mu
    use: `MatrixFactorization`
    command: kerasrec fit configs/synthetic/matrix_factorization.yaml
    proof: tests/zoo/test_matrix_factorization.py::test_the_score_by_hand
    """


def hybrid():
    """
    75 | 002 2.1 | hybrid recommendation | 混合推荐

    formula: score(u, i) = alpha <U, V_i> + (1 - alpha) <C_i, W U + b> + b_i
    use: `Hybrid`
    command: kerasrec fit configs/synthetic/hybrid.yaml
    proof: tests/zoo/test_hybrid.py::test_the_score_by_hand
    """


def automatic_features():
    """
    81 | 002 2.3, 7.2 | automatic features, feature interaction | 自动特征学习、特征交叉

    use: `DeepFM`, `DCN`, `AutoInt` and other rankers
    note: Labels are drawn from planted probabilities. On later rows each ranker comes more than half
        of the way from chance to these.
    proof: tests/zoo/test_rankers.py::test_learns_what_was_planted
    """


def generalisation():
    """
    81 | 002 2.3 | representation learning | 表示学习

    use: every model of the zoo; `kerasrec fit` measures on users and items that were held out
    proof: tests/zoo/test_zoo.py::test_finds_the_withheld_item
    """


def l2():
    """
    93 | 002 5.1 | L2, regularisation | 正则化

    formula: J = loss + l2 mean over the ids of the batch of |e|^2
    use: `l2` of the models of ids; `weight_decay` of any optimizer
    proof: tests/layers/test_embedding_tower.py::test_l2_is_the_mean_over_the_ids_looked_up
    """


def dropout():
    """
    93 | 002 5.1 | regularisation, dropout | 正则化

    use: `dropout` of the models
    proof: tests/layers/test_lstm_user_encoder.py::test_dropout_in_training_only
    """


def deployment():
    """
    95 | 002 5.2 | end to end, deep learning | 端到端、深度学习

    use: data, model, training, evaluation and a SavedModel by one command
    command: kerasrec quickstart
    proof: tests/cli/test_quickstart.py::test_json_holds_what_is_shown_and_the_export_answers_the_same
    """


def complexity():
    """
    96 | 002 6.1, 7.3 | embedding | 嵌入

    use: a training step reads and writes only the rows of the batch: `kerasrec.optimizers`
    note: Tables of interactions larger than memory: docs/out_of_core.md.
    proof: tests/optimizers/test_training.py::test_step_reads_and_writes_rows_only
    """


def reasons():
    """
    97 | 002 6.2 | explainability | 可解释性
    109 | 003 3.3 | explainability | 可解释性

    formula: score(u, i) = sum over the history h of c(h, i) + rest
    use: `recommend(explain=True)`
    command: kerasrec recommend RUN --user ID --explain
    proof: tests/zoo/test_zoo_reasons.py::test_they_add_up_and_come_from_the_history
    """


def attended():
    """
    97 | 002 6.2 | attention weights, explainability | 注意力权重、可解释性

    use: `AttentionRecommender.attention_weights`
    proof: tests/zoo/test_attention_recommender.py::test_an_explained_recommendation_says_where_it_looks
    """


def words():
    """
    97 | 002 6.2 | text, explainability | 文本、可解释性

    use: `recommend(explain=True)` of `Hybrid` names the words that speak for an item
    proof: tests/zoo/test_hybrid.py::test_words_that_speak_for_an_item_are_named
    """


def privacy():
    """
    98 | 002 6.3, 7.3 | data privacy | 数据隐私

    use: an export without the histories of the users
    command: kerasrec export RUN FOLDER --no-histories
    proof: tests/export/test_export.py::test_an_export_may_omit_histories
    """


def private_training():
    """
    98 | 002 6.3, 7.3 | data privacy | 数据隐私

    why_not: There is no differential privacy and no federated training; a checkpoint holds what was
        learned of each user, and the histories.
    """


def given_vectors():
    """
    99 | 002 6.4 | multimodal, image, audio, text | 多模态、图像、音频、文本

    use: features of the kinds "image", "text" and "vector"; `ContentBased(encoder="vectors")`
    note: Sounds are read as the vectors that another network made of them.
    proof: tests/zoo/test_content_based.py::test_given_vectors_alone
    """


def real_time():
    """
    100 | 002 6.6 | real-time recommendation | 实时推荐
    136 | 004 8.2 | real-time recommendation | 实时推荐

    use: a request may hold the history up to now: the answer follows without a new training
    command: kerasrec serve saved_models/NAME
    proof: tests/client/test_client_with_server.py::test_histories
    """


def gated():
    """
    103 | 003 2.1, 2.2 | fusion, alpha | 融合

    formula: alpha_i = 0 without interactions of item i
    use: `Hybrid(alpha="gated")`
    note: The weight depends on the count of the item: a new one is scored by its content alone.
    proof: tests/layers/test_hybrid_head.py::test_item_without_interactions_is_scored_by_content
    """


def autoencoder():
    """
    106 | 003 3.1 | autoencoder, item features | 自编码器、物品特征

    formula: C_i = W tanh(...) of all features, trained to restore them from a damaged copy
    use: `ContentBased(encoder="autoencoder")`, `Hybrid(encoder="autoencoder")`
    proof: tests/layers/test_denoising_autoencoder.py::test_reconstruction_beats_the_mean
    """


def standardised():
    """
    107 | 003 3.2 | item features, user features | 物品特征、用户画像
    123 | 004 3.2 | item features, user features | 物品特征、用户画像

    formula: z = (x - mean) / deviation; a missing number is the mean, 0
    use: features of the kind "number"; docs/data.md has the other kinds
    proof: tests/data/test_feature_encoder.py::test_number_is_standardized_and_missing_is_the_mean
    """


def padded():
    """
    107 | 003 3.2 | user behaviour sequence | 用户行为序列

    use: `batches` pads and cuts histories; `data.history_length` of a config
    proof: tests/data/test_histories.py::test_padded_agrees_with_a_loop
    """


def cleaned():
    """
    107 | 003 3.2 | user behaviour sequence | 用户行为序列
    123 | 004 3.2 | user behaviour sequence | 用户行为序列

    use: `data.clean` of a config: duplicates, rare users and items, dates, robots
    proof: tests/data/test_clean.py::test_the_core_of_random_rows_is_that_of_a_loop
    """


def ranked():
    """
    108 | 003 3.2 | ranking, fusion | 排序、融合

    formula: the k items with the largest scores
    use: `recommend(k=...)`
    proof: tests/models/test_top_k.py::test_agrees_with_a_full_sort
    """


def pictures():
    """
    109 | 003 3.3 | deep learning | 深度学习
    131 | 004 5.4 | deep learning | 深度学习

    use: a run writes `history.csv`, `loss.png` and `metrics.png`
    command: kerasrec fit configs/synthetic/hybrid.yaml
    proof: tests/training/test_run.py::test_a_private_table_needs_only_yaml
    """


def people():
    """
    110 | 003 3.4 | friends, social recommendation | 推荐朋友、社交推荐
    132 | 004 6 | similar people, social recommendation | 相似的人、社交推荐
    136 | 004 8.2 | social recommendation, trust | 社交推荐

    use: `SocialMF.recommend_people`
    command: kerasrec fit configs/synthetic/social_mf.yaml
    proof: tests/zoo/test_social_mf.py::test_people_like_me_who_are_no_friends_of_mine
    """


def videos():
    """
    110 | 003 3.4 | video | 视频推荐
    132 | 004 6 | video | 视频推荐
    133 | 004 7.3 | YouTube, two stages, candidates | 两阶段、候选

    formula: u = MLP(mean of the history, user features); softmax over <u, v_i>
    use: `YouTubeCandidates`
    command: kerasrec fit configs/synthetic/youtube_candidates.yaml
    proof: tests/zoo/test_youtube_candidates.py::test_the_score_by_hand
    """


def watch_time():
    """
    133 | 004 7.3 | YouTube, watch time, ranking | 观看时长、排序

    formula: seconds = exp(logit) by cross-entropy whose clicks weigh their seconds
    use: `YouTubeRanking`, and `TwoStage` for both stages as one model
    proof: tests/zoo/test_ranker_formulas.py::test_youtube_ranking_by_hand
    """


def news():
    """
    110 | 003 3.4 | news, cold start | 新闻推荐、冷启动
    132 | 004 6 | news, cold start | 新闻推荐、冷启动

    use: `ContentBased`, `ContentKNN` and `Hybrid` rank items that nobody has read yet
    command: kerasrec fit configs/synthetic/content_knn.yaml
    proof: tests/zoo/test_zoo.py::test_cold_items_are_ranked_by_their_content
    """


def goods():
    """
    110 | 003 3.4 | purchase, conversion rate | 购买、转化率
    132 | 004 6 | purchase, conversion rate | 购买、转化率

    formula: P(click and purchase) = P(click) P(purchase if clicked)
    use: `ESMM`
    proof: tests/zoo/test_ranker_formulas.py::test_esmm_by_hand
    """


def paths():
    """
    111 | 003 3.4 | learning path, courses, playlist, sequence to sequence | 学习路径、课程、播放列表、序列到序列

    formula: log p(i_1, ..., i_n) = sum over j of log p(i_j after i_1, ..., i_(j-1))
    use: `Seq2Seq`
    command: kerasrec fit configs/synthetic/seq2seq.yaml
    proof: tests/zoo/test_seq2seq.py::test_a_sequence_by_hand
    """


def behaviors():
    """
    117 | 003 4.3 | behaviour type, LSTM | 行为类型、长短时记忆网络
    122 | 004 3.2 | behaviour type, click, purchase | 行为类型、点击行为、购买

    formula: x_t = V_item + B_behavior
    use: the column `behavior`; all sequence models
    proof: tests/zoo/test_rnn_recommender.py::test_behaviors_decide_where_they_do
    """


def refused_losses():
    """
    119 | 003 5.2 | cross-entropy | 交叉熵

    use: a model of the zoo gives logits: `losses.BinaryCrossentropy()`
    note: `compile("adam", "binary_crossentropy")` is refused, and the error names the loss to use.
    proof: tests/models/test_compile.py::test_a_loss_of_probabilities
    """


def refused_metrics():
    """
    119 | 003 5.2 | cross-entropy | 交叉熵

    use: `weighted_metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)]` on logits
    note: `"accuracy"` is refused, since Keras chooses by shapes what it means; so is a threshold of a
        half on logits.
    proof: tests/models/test_compile.py::test_a_metric_that_misreads_logits
    """


def saved():
    """
    120 | 003 5.4 | two towers, deep learning | 双塔、深度学习
    139 | card | two towers, deep learning | 双塔、深度学习

    use: `model.save`, `kerasrec.export.export`: a SavedModel that takes and returns strings
    command: kerasrec export RUN saved_models/NAME
    note: TensorFlow's C++ loader gives the answers of Python before the export is kept.
    proof: tests/zoo/test_zoo.py::test_export_answers_like_python
    """


def tuned():
    """
    120 | 003 5.4 | deep learning | 深度学习

    use: `tune:` of a config: all combinations, or a search near the best
    command: kerasrec tune CONFIG
    proof: tests/training/test_tune.py::test_a_range_is_searched_near_its_best_values
    """


def feedback():
    """
    121 | 004 2.3 | transfer learning | 迁移学习
    141 | card | transfer learning | 迁移学习

    use: `init_from`: a training on new data starts from a checkpoint; new users and items get rows
    command: kerasrec fit CONFIG init_from=RUN
    proof: tests/training/test_run.py::test_fine_tuning_on_a_grown_vocabulary_starts_from_the_old_scores
    """


def online():
    """
    100 | 002 6.6 | real-time recommendation | 实时推荐
    121 | 004 2.3 | real-time recommendation | 实时推荐

    why_not: Weights change in `fit` only; the server neither logs clicks nor learns from them.
    """


def published_weights():
    """
    141 | card | transfer learning | 迁移学习

    why_not: No trained checkpoint is published, since its licence would depend on that of the data.
    """


def convolution_of_a_history():
    """
    125 | 004 3.2 | dilated convolution, CNN | 卷积神经网络

    formula: x + relu(LN(conv(x))) over the last items of a history
    use: `CausalConvUserEncoder`; `NextItNet`
    command: kerasrec fit configs/synthetic/nextitnet.yaml
    proof: tests/layers/test_causal_conv_user_encoder.py::test_equals_keras_convolutions
    """


def recurrent():
    """
    125 | 004 3.2 | RNN, LSTM, GRU | 循环神经网络、长短时记忆网络

    formula: score(i) = <LN(h_t + x_t), V_i>
    use: `RNNRecommender`
    command: kerasrec fit configs/synthetic/rnn_recommender.yaml
    proof: tests/zoo/test_rnn_recommender.py::test_the_score_by_hand
    """


def attention_of_a_history():
    """
    92 | 002 4.4 | attention, context vector, next item | 注意力机制、下一个物品

    formula: score(i) = <h_t + W c_t, v_i>
    use: `AttentionRecommender`; [examples/articles/attention_next_item.py](../examples/articles/attention_next_item.py)
    command: kerasrec fit configs/synthetic/attention_recommender.yaml
    note: The sample takes one softmax weight of each row of random numbers and fits them to
        themselves. Here the last state looks at the earlier ones.
    proof: tests/zoo/test_attention_recommender.py::test_the_score_by_hand
    """


def pixels():
    """
    90 | 002 4.2 | image, CNN | 图像、图片

    formula: v = W mean over pixels of relu(Conv(...)) + b
    use: kind `image` and `encoder: conv2d`; [examples/articles/cnn_items.py](../examples/articles/cnn_items.py) has a
        convolution over the words of an item
    proof: tests/layers/test_conv2d_item_encoder.py::test_by_hand
    """


def network():
    """
    126 | 004 4.1 | neural collaborative filtering, NCF, multi-layer perceptron | 神经协同过滤、多层感知机

    formula: p = w^T [u * v, MLP([u, v])]
    use: `NeuMF`
    command: kerasrec fit configs/synthetic/neumf.yaml
    proof: tests/zoo/test_neumf.py::test_both_parts_are_mixed_by_the_last_layer_by_hand
    """


def interaction_network():
    """
    126 | 004 4.1 | interaction function, convolution | 交互函数、卷积层

    formula: p = <w, conv(...conv(u v^T))> + <M u, v>
    use: `ConvNCF`
    command: kerasrec fit configs/synthetic/conv_ncf.yaml
    proof: tests/zoo/test_conv_ncf.py::test_the_score_by_hand_is_the_papers_and_a_bilinear_form
    """


def other_domains():
    """
    135 | 004 8.2 | cross-domain recommendation, transfer learning | 跨领域推荐、迁移学习

    use: `load_content_from`: the encoder of texts of another data set
    proof: tests/models/test_load_content_from.py::test_a_text_of_shared_words_has_the_vector_of_the_checkpoint
    """


def sources():
    """
    136 | 004 8.2 | heterogeneous data | 异构数据

    use: ids, categories, numbers, texts, times and vectors of users and items; `TwoTower`
    proof: tests/layers/test_embedding_tower.py::test_every_kind_of_feature_by_hand
    """


def layout():
    """
    137 | card | two towers, retrieval | 双塔、召回

    use: `kerasrec` has the blocks, `kerasrec_zoo` the models; docs/architecture.md
    proof: tests/test_layout.py::test_imports_point_down
    """


def composed():
    """
    138 | card | two towers, embedding | 双塔、嵌入

    use: the constructor of every model of the zoo wires blocks; `check_model` checks classes of one's
        own
    proof: tests/zoo/test_contract_models.py::test_keeps_the_contract
    """


def checked():
    """
    139 | card | two towers, deep learning | 双塔、深度学习

    use: `kerasrec serve`, or TF Serving by `deploy/`
    note: Configuration files are parsed with the messages of TF Serving; its image was not run.
    proof: tests/test_deploy.py::test_the_newest_version_is_served
    """


def devices():
    """
    140 | card | deep learning | 深度学习

    use: `train.strategy`: none, cpu, gpu, mirrored, tpu
    note: Two replicas are tested on logical CPUs.
    proof: tests/optimizers/test_strategy.py::test_two_replicas_give_the_weights_and_slots_of_one_device
    """


def ads():
    """
    112 | 003 3.4 | advertising, click-through rate | 广告、点击率

    use: the click-through rate of an ad is predicted as that of any item (`DeepFM` and others);
        `Rules(price={"feature": "bid"})` orders by bids or prices too
    note: there is no auction and no price for each user
    proof: tests/models/test_reranked.py::test_a_price_multiplies_the_relevance
    """


def searched():
    """
    112 | 003 3.4 | search | 搜索

    formula: cosine of the words and of the content of an item; 1 / (60 + rank) of two orders added
    use: `model.search("words", user=...)`, `Client.search` of models of texts; signature `search`
    command: kerasrec search RUN_OR_EXPORT WORDS --user USER
    proof: tests/models/test_search.py::test_words_by_hand
    """


def words_of_the_request():
    """
    122 | 004 3.2 | search, user context | 搜索、上下文

    use: the words of a search are a feature of the request: `TwoTower`, `YouTubeCandidates`
    proof: tests/models/test_query_context.py::test_words_of_a_search_are_read
    """


def context():
    """
    134 | 004 7.3 | user context | 上下文

    formula: u = MLP([user, time, place, ...])
    use: `data.context` of a config; `recommend(context={"hour": 9})` of `TwoTower`,
        `YouTubeCandidates` and the rankers
    command: kerasrec recommend RUN --user ID --context hour=9
    proof: tests/models/test_query_context.py::test_the_score_by_hand
    """


def l1():
    """
    93 | 002 5.1 | L2, regularisation | 正则化
    94 | 002 5.1, 5.3 | L1, regularisation | 正则化

    formula: J = loss + l1 sum |W| + l2 sum W^2
    use: `train.l1`, `train.l2`, or `kerasrec.training.penalize`, for the networks of any model
    proof: tests/training/test_penalize.py::test_the_loss_is_the_mean_error_and_the_penalties_by_hand
    """


def output_layer():
    """
    87 | 002 3.3 | RNN, softmax | 循环神经网络
    91 | 002 4.3 | RNN, next item | 循环神经网络、下一个物品

    formula: o_t = W h_t + b; p(next item) = softmax(o_t)
    use: `RNNRecommender(cell=["rnn", "rnn"], tied=False)`; [examples/articles/rnn_next_item.py](../examples/articles/rnn_next_item.py)
    note: A list of cells stacks layers, as `num_layers=2` of the sample.
    proof: tests/zoo/test_rnn_recommender.py::test_untied_scores_by_hand_are_the_softmax_of_w_h_and_b
    """


def clusters():
    """
    74 | 002 1.1 | clustering, content-based recommendation | 聚类、基于内容的推荐

    formula: k-means of the codes of the features, or of the item vectors, of length 1
    use: `cluster_items`; a class of items that is known is a feature of the kind "category"
    command: kerasrec clusters RUN
    proof: tests/models/profiles/test_item_clusters.py::test_content
    """


def probabilities():
    """
    129 | 004 4.3 | click, cross-entropy | 点击行为、交叉熵

    formula: p_ij = sigmoid(score(i, j))
    use: `recommend(probabilities=True)` of a model that learned labels by cross-entropy, and of `Client`
    command: kerasrec recommend RUN_OR_EXPORT --user ID --probabilities
    proof: tests/models/test_probabilities.py::test_the_sigmoid_of_scores_that_learned_labels
    """
