"""Ideas of articles 000 and 001 that a test of another folder proves, or that the library lacks.

See page.py.
"""
# A name of a test is one word, and Chinese is wide.
# ruff: noqa: E501


def cold_start():
    """
    1 | 000 1.2, 2.1 | cold start | 冷启动

    use: `Hybrid`, `ContentBased`, `TwoTower`: items without interactions are ranked by their features
    command: kerasrec fit configs/ml-1m-cold/two_tower.yaml
    proof: tests/zoo/test_zoo.py::test_cold_items_are_ranked_by_their_content
    """


def dynamic_preference():
    """
    1 | 000 1.2, 2.1 | sequence recommendation | 序列推荐

    use: the answers of sequence models follow the order of a history
    proof: tests/zoo/test_sasrec.py::test_the_order_matters
    """


def heterogeneous_data():
    """
    1 | 000 1.2, 2.1 | heterogeneous data | 异构数据

    use: `EmbeddingTower`: ids, categories, numbers, texts and vectors in one vector
    proof: tests/layers/test_embedding_tower.py::test_every_kind_of_feature_by_hand
    """


def representation_learning():
    """
    2 | 000 2.2 | representation learning, embedding | 表示学习、嵌入

    use: `EmbeddingTower`, `EmbeddingTable`: learned vectors predict planted ratings
    proof: tests/training/test_fit.py::test_factors_predict_planted_ratings_better_than_their_mean
    """


def recurrent_model():
    """
    3 | 000 2.3 | recurrent neural network, RNN | 递归神经网络

    use: `RNNRecommender`
    command: kerasrec fit configs/synthetic/rnn_recommender.yaml
    proof: tests/zoo/test_rnn_recommender.py::test_every_cell_learns_a_cycle
    """


def attention_model():
    """
    3 | 000 2.3 | attention | 注意力机制

    use: `AttentionRecommender`
    command: kerasrec fit configs/synthetic/attention_recommender.yaml
    proof: tests/zoo/test_attention_recommender.py::test_learns_the_circle
    """


def multi_task_learning():
    """
    4 | 000 2.4 | multi-task learning, rating and click together | 多任务学习、评分与点击率预测

    formula: logit_k = b_k + <h_k, MLP(x)> for each task k
    use: `SharedBottom`, `MMoE`, `PLE`; labels of a table of impressions
    proof: tests/zoo/test_ranker_formulas.py::test_shared_bottom_by_hand
    """


def both_tasks_are_learned():
    """
    4 | 000 2.4 | shared bottom | 共享底层

    use: `Impressions.from_frame(labels={"click": {}, "stars": {"kind": "rating"}})`
    proof: tests/models/test_ranker.py::test_fit_learns_both_tasks_and_skips_missing_labels
    """


def transfer_learning():
    """
    5 | 000 2.4 | transfer learning | 迁移学习

    use: `load_content_from`: the text encoder of a checkpoint in a model of other items
    proof: tests/models/test_load_content_from.py::test_a_text_of_shared_words_has_the_vector_of_the_checkpoint
    """


def optimizers():
    """
    9 | 000 3.1 | SGD, Adam | 随机梯度下降

    use: any optimizer of Keras; `LazyAdam` and others update the rows of the batch alone
    proof: tests/optimizers/test_row_sparse.py::test_twenty_steps_with_repeated_ids_equal_the_dense_rule
    """


def side_information():
    """
    10 | 000 3.2 | neural collaborative filtering, NCF, side information | 基于神经网络的协同过滤、辅助信息

    use: `NeuMF(features=True)`
    command: kerasrec fit configs/synthetic/neumf.yaml
    proof: tests/zoo/test_neumf.py::test_features_rank_items_that_nobody_has_touched
    """


def convolution_of_a_pair():
    """
    11 | 000 3.2 | convolutional neural network, CNN, interaction function | 卷积神经网络、交互函数

    use: `ConvNCF`
    command: kerasrec fit configs/synthetic/conv_ncf.yaml
    proof: tests/zoo/test_conv_ncf.py::test_the_score_by_hand_is_the_papers_and_a_bilinear_form
    """


def behaviour_sequence():
    """
    15 | 000 3.3 | user behaviour sequence | 用户行为序列

    formula: S = (s_1, ..., s_T)
    use: `batches(train, model.train_inputs)` cuts the history of each user into windows
    proof: tests/data/test_batches.py::test_windows_follow_time_not_rows
    """


def users_in_sequences():
    """
    16 | 000 3.3 | next item, sequence recommendation | 下一个物品、序列推荐

    use: `RNNRecommender(use_user=True)` adds a vector of the user id
    proof: tests/zoo/test_rnn_recommender.py::test_a_user_is_an_input_where_asked_for
    """


def behaviour_types():
    """
    16 | 000 3.3 | behaviour type | 行为类型

    formula: x_t = V_item + B_behavior [+ G_gap]
    use: the column `behavior` of the data
    proof: tests/layers/test_step_context.py::test_behavior_and_time_gap_are_added
    """


def next_item():
    """
    20 | 000 3.3 | next item, recurrent neural network | 下一个物品、循环神经网络

    use: `recommend(histories=[["a", "b"]])`
    command: kerasrec recommend RUN --history a,b
    proof: tests/zoo/test_rnn_recommender.py::test_every_cell_learns_a_cycle
    """


def user_profile_as_features():
    """
    22 | 001 2-1 | user profile, user features | 用户画像

    use: features of users in every click model, `TwoTower`, `YouTubeCandidates` and
        `NeuMF(features=True)`; `features=True` of sequence models, `user_features=True` of `Hybrid` and
        `ContentBased`
    proof: tests/zoo/test_user_features.py::test_somebody_never_seen_is_answered_by_the_features_given
    """


def families():
    """
    24 | 001 2-2 | content-based recommendation, collaborative filtering, encoder, deep learning | 基于内容的推荐、协同过滤、序列编码器、深度学习

    use: `kerasrec list` has them all; each is trained and asked
    proof: tests/zoo/test_zoo.py::test_finds_the_withheld_item
    """


def support_vector_machine():
    """
    25 | 001 2-2 | support vector machine | 支持向量机

    why_not: the article names it alone: `LogisticRegression` and `FactorizationMachine` take its
        place, since they give the probabilities that it does not have.
    """


def features_of_items():
    """
    26 | 001 2-3 | item features, feature engineering | 物品特征、特征工程

    use: kinds category, categories, number, text and vector of `item_features`
    proof: tests/layers/test_embedding_tower.py::test_every_kind_of_feature_by_hand
    """


def numbers_of_items():
    """
    26 | 001 2-3 | feature extraction | 特征提取

    formula: z = (x - mean) / deviation
    use: a price, as kind number
    proof: tests/data/test_feature_encoder.py::test_number_is_standardized_and_missing_is_the_mean
    """


def pictures_of_items():
    """
    27 | 001 2-3 | image, multimodal | 图片、多模态

    use: kind `image` with `ContentBased(encoder="conv2d")`, `TwoTower` and others; or a frozen `backbone`
    note: the convolutions are trained with the model; vectors of any network are given as kind vector
    proof: tests/zoo/test_pictures.py::test_content_based_ranks_cold_items_by_their_pictures
    """


def item_user_matrix():
    """
    29 | 001 2.1 | item-user matrix | 物品-用户评分矩阵

    use: `AutoRec(item_based=True)` reads the ratings of an item, one place for each user
    proof: tests/zoo/test_autorec.py::test_score_is_the_formula_by_hand
    """


def clicks():
    """
    31 | 001 2-5 | click, behaviour type | 点击行为、行为类型

    use: the column `behavior` of the data; clicks need no value
    proof: tests/data/test_interactions.py::test_all_columns_and_a_mapping
    """


def recall_and_precision():
    """
    32 | 001 2-6 | recall, precision | 召回率、准确率

    formula: recall@k = hits / relevant, precision@k = hits / k
    use: `kerasrec.metrics.recall`, `precision`
    command: kerasrec evaluate RUN
    note: k is the number of answers; see what the articles get wrong
    proof: tests/metrics/test_ranking.py::test_worked_by_hand
    """


def popular_and_cold_items():
    """
    33 | 001 2-7 | popular items, cold items, long tail | 流行商品、冷门商品、长尾

    use: recall for each tenth of the items by popularity; `popularity_lift`, `novelty`
    command: kerasrec evaluate RUN
    proof: tests/evaluation/test_ranking.py::test_recall_by_decile_of_popularity
    """


def cleaning():
    """
    34 | 001 2 steps 1-2 | user behaviour, feature engineering | 用户行为、特征工程

    use: `clean` and `on_error: drop` of the data; what was dropped is counted in the report
    command: kerasrec describe events.csv
    proof: tests/data/test_clean.py::test_users_and_items_with_few_events
    """


def channels():
    """
    34 | 001 2 steps 1-2 | user behaviour | 用户行为

    use: a folder of CSV or Parquet parts, or a query of SQL, as one table
    proof: tests/data/test_interactions.py::test_folder_of_csv_parts_in_order_of_name
    """


def profiles_as_vectors():
    """
    35 | 001 2 step 3 | user features, user profile | 用户画像

    use: `Interactions.from_frame(user_frame=, user_features=)`
    proof: tests/data/test_interactions.py::test_users_with_features
    """


def items_as_vectors():
    """
    36 | 001 2 step 4 | item features | 物品特征

    use: `Catalog`: a column for each feature, a row for each item
    proof: tests/data/test_catalog.py::test_columns_by_row
    """


def training():
    """
    37 | 001 2 step 5 | collaborative filtering, deep learning | 协同过滤、深度学习

    use: `model.fit(batches(...))`
    command: kerasrec fit config.yaml
    proof: tests/zoo/test_zoo.py::test_training_moves_every_weight_and_lowers_the_loss
    """


def online_list():
    """
    38 | 001 2 step 6 | real-time recommendation | 实时推荐

    use: a SavedModel, its server, and a client
    command: kerasrec export RUN, kerasrec serve FOLDER
    proof: tests/client/test_client_with_server.py::test_histories
    """


def true_clicks():
    """
    39 | 001 2 step 7 | click, ranking | 点击行为、排序

    use: `evaluate` compares the ranking of the whole catalogue with what was taken later
    command: kerasrec evaluate RUN
    proof: tests/evaluation/test_ranking.py::test_a_ranking_worked_by_hand
    """


def adjusted_parameters():
    """
    40 | 001 2 step 8 | feature engineering | 特征工程

    use: a search over the parameters and features of a config, measured on the validation part
    command: kerasrec tune config.yaml
    proof: tests/training/test_tune.py::test_the_tuned_config_reproduces_the_best_trial
    """


def updated_model():
    """
    40 | 001 2 step 8 | fine-tuning | 微调
    62 | 001 3.1 | fine-tuning, transfer learning | 微调、迁移学习

    use: `init_from` in a config starts from a checkpoint, also with new users and items
    proof: tests/training/test_run.py::test_fine_tuning_on_a_grown_vocabulary_starts_from_the_old_scores
    """


def operation_strategy():
    """
    41 | 001 2 step 9 | ranking | 排序

    use: `Reranked`: boosts, pins, caps and diversity on top of any model; `allow` and `exclude` of a
        request
    note: see docs/reranking.md
    proof: tests/models/test_reranked.py::test_boosts_multiply_the_relevance
    """


def profile_alone():
    """
    42 | 001 3-1 | user profile, cold start | 用户画像、冷启动

    use: `recommend(user_features={"age": 31})` answers somebody never seen, also from an export
    proof: tests/models/test_user_features.py::test_a_user_without_history_gets_the_items_of_the_land
    """


def content_alone():
    """
    43 | 001 3-2 | content-based recommendation | 基于内容的推荐

    use: `ContentBased`, `ContentKNN`
    command: kerasrec fit configs/synthetic/content_based.yaml
    proof: tests/zoo/test_content_based.py::test_an_item_nobody_touched_is_ranked_by_what_it_says
    """


def similar_people():
    """
    44 | 001 3-3 | social recommendation, similar people | 基于社交网络的推荐、相似的人

    use: `SocialMF.recommend_people`
    command: kerasrec fit configs/synthetic/social_mf.yaml
    proof: tests/zoo/test_social_mf.py::test_people_like_me_who_are_no_friends_of_mine
    """


def neighbours():
    """
    45 | 001 3-4 | collaborative filtering, nearest neighbours | 协同过滤、最近邻

    use: `UserKNN`, `ItemKNN`
    command: kerasrec fit configs/synthetic/user_knn.yaml
    proof: tests/zoo/test_user_knn.py::test_scores_by_hand
    """


def trained_factors():
    """
    51 | 001 1.3 | latent factor model, LFM | 隐语义模型

    use: `MatrixFactorization`: the error falls, and items are sorted by the score
    command: kerasrec fit configs/ml-100k/matrix_factorization.yaml
    proof: tests/training/test_fit.py::test_factors_predict_planted_ratings_better_than_their_mean
    """


def similarities():
    """
    53 | 001 2.2 | cosine, adjusted cosine | 余弦相似度、归一化余弦相似度

    formula: cos(x, y) = <x, y> / (|x| |y|)
    use: `similarity="cosine"`, "adjusted_cosine", "pearson" or "msd" of `UserKNN` and `ItemKNN`
    note: adjusted: the mean of each item is subtracted first
    proof: tests/models/test_similarity.py::test_rating_similarities_follow_the_formulas
    """


def top_n():
    """
    57 | 001 2.2 | ranking, rating prediction | 排序、评分预测

    use: `recommend(users=, k=N)`: the order of the scores
    proof: tests/models/test_top_k.py::test_agrees_with_a_full_sort
    """


def events():
    """
    59 | 001 3.1 | user behaviour, behaviour type, item features | 用户行为、行为类型、物品特征

    use: columns user, item, timestamp, value, behavior and fold of `Interactions`
    command: kerasrec describe events.csv
    proof: tests/data/test_interactions.py::test_all_columns_and_a_mapping
    """


def built_sequences():
    """
    60 | 001 3.1 | user behaviour sequence | 用户行为序列

    use: `Interactions.histories()`, `batches`
    proof: tests/data/test_batches.py::test_what_was_done_and_when_go_with_the_history
    """


def networks():
    """
    61 | 001 3.1 | multi-layer perceptron, MLP | 多层感知机

    use: `YouTubeCandidates`: an MLP over the mean of the history
    command: kerasrec fit configs/synthetic/youtube_candidates.yaml
    proof: tests/zoo/test_youtube_candidates.py::test_the_score_by_hand
    """


def recurrent_networks():
    """
    61 | 001 3.1 | recurrent neural network, RNN | 循环神经网络、递归神经网络

    use: `RNNRecommender`
    note: recursive networks over trees are not in the library: a history is no tree
    proof: tests/zoo/test_rnn_recommender.py::test_the_score_by_hand
    """


def interest_point_hot():
    """
    63 | 001 3.2 | popular items | 热门物品

    use: `Popularity`; other models of histories answer an empty one by it
    proof: tests/layers/test_popular_when_empty.py::test_a_score_is_the_dot_product_or_the_log_of_the_count
    """


def interest_point_similar():
    """
    63 | 001 3.2 | similar items | 相似物品

    use: `similar_items`
    command: kerasrec similar RUN ITEM
    proof: tests/models/test_similar_items.py::test_by_hand
    """


def interest_point_history():
    """
    63 | 001 3.2 | current interest, target attention | 当前兴趣点、注意力机制

    use: `DIN`: the history is weighed anew for each item that is scored
    note: the three ways are three models: none chooses between them in one request
    proof: tests/zoo/test_din.py::test_attention_is_that_of_the_item_and_zero_at_padding
    """


def local_update_by_reinforcement():
    """
    66 | 001 3.2 | current interest | 当前兴趣点

    why_not: nothing here learns by reinforcement, which needs the rewards of shown lists while it
        learns; attention is learned by gradients instead.
    """


def interest_point_by_mlp():
    """
    65 | 001 3.2 | multi-layer perceptron, item features | 多层感知机、物品特征

    formula: h_v = MLP([V_v; features of v])
    use: `EmbeddingTower(mlp=...)`, the item side of `TwoTower`
    proof: tests/layers/test_embedding_tower.py::test_mlp_by_hand
    """


def interest_point_by_lstm():
    """
    65 | 001 3.2 | hidden state, LSTM, attention | 隐状态、注意力机制

    use: `AttentionRecommender`: the state of the LSTM attends to the history
    proof: tests/zoo/test_attention_recommender.py::test_the_score_by_hand
    """


def global_update():
    """
    67 | 001 3.2 | context vector, attention weights | 注意力权重

    formula: c = sum_s a_s h_s
    use: `StateAttention`, `TargetAttention`
    proof: tests/layers/test_state_attention.py::test_equals_the_formula_in_numpy
    """


def encoder_of_a_sequence():
    """
    68 | 001 3.3 | seq2seq, sequence to sequence, encoder, LSTM, GRU | 序列到序列、编码器

    use: `Seq2Seq(cell="lstm")`, "gru" or "rnn"
    command: kerasrec fit configs/synthetic/seq2seq.yaml
    note: the cells are those of row 17
    proof: tests/zoo/test_seq2seq.py::test_serving_writes_with_the_probabilities_of_training
    """


def decoding():
    """
    72 | 001 3.3 | decoder | 解码器

    formula: o_j = argmax p(o | o_1, ..., o_(j-1))
    use: `Seq2Seq(beams=1)`: each item is read in the next step
    proof: tests/layers/test_beam_search.py::test_one_beam_is_greedy
    """


def decoded_sequence():
    """
    73 | 001 3.3 | seq2seq, playlist | 序列到序列、播放列表

    use: `Seq2Seq.recommend`: the first `horizon` items are the sequence
    proof: tests/zoo/test_seq2seq.py::test_writes_a_cycle_in_order
    """


def statistics_of_items():
    """
    47 | 001 1.2 | mean rating, relative confidence | 平均分、相对置信度

    formula: (mean_i - mean) / deviation, deviation_i / deviation, n_i / (n_i + mean n)
    use: `statistics=True` of `TwoTower` and `ContentBased`
    proof: tests/models/test_item_statistics.py::test_they_are_those_of_pandas
    """


def smoothed_mean():
    """
    48 | 001 1.2 | smoothed rating, rating prediction | 平滑评分、评分预测

    formula: r(u, i) = (beta sum_j r(u, j) + mu_u + nu_i) / (|I|^alpha + |U|)
    use: `SmoothedMean(alpha, beta)`
    command: kerasrec fit configs/synthetic/smoothed_mean.yaml
    proof: tests/zoo/test_smoothed_mean.py::test_by_hand
    """


def nearest_of_all():
    """
    54 | 001 2.2 | nearest neighbours | 最近邻

    use: `UserKNN(task="rating", nearest="all")`; "raters", the nearest who rated the item, is the
        default
    proof: tests/zoo/test_user_knn_requests.py::test_the_nearest_of_all_and_the_nearest_raters_by_hand
    """


def new_user():
    """
    56 | 001 2.2 | new user, weighted mean | 新用户、加权平均

    use: `recommend(histories=[["x", "y"]], values=[[5, 2]])` of `UserKNN(task="rating")`, in an export too
    command: kerasrec recommend RUN_OR_EXPORT --history x,y --values 5,2
    proof: tests/zoo/test_user_knn_requests.py::test_a_new_user_is_answered_by_the_definition
    """


def random_walk():
    """
    66 | 001 3.2 | random walk | 随机游走

    use: `RandomWalk`: walks over users and items, as a model of its own
    command: kerasrec fit configs/synthetic/random_walk.yaml
    proof: tests/zoo/test_random_walk.py::test_many_steps_are_personalised_pagerank
    """


def network_of_a_pair():
    """
    12 | 000 4.2 | multi-layer perceptron, MLP | 多层感知机
    14 | 000 4.2 | non-linear, activation function | 非线性、激活函数

    formula: z_1 = f(W_1 [u; v] + b_1), z_2 = f(W_2 z_1 + b_2), r = <W_3, z_2> + b_3
    use: `NeuMF(parts="mlp", mlp=(64, 32), activation="relu", candidates="pair")`
    proof: tests/zoo/test_neumf.py::test_the_network_of_ratings_by_hand
    """


def penalty_of_a_network():
    """
    13 | 000 4.2 | regularisation, mean squared error | 正则化、均方误差

    formula: J / n = mean (r - score)^2 + lambda |W|_F^2
    use: `train: {l2: lambda}` of a config, `penalize(model, l2=lambda)`
    proof: tests/training/test_penalize.py::test_the_loss_is_the_mean_error_and_the_penalties_by_hand
    """


def step_of_a_penalized_network():
    """
    13 | 000 4.2 | stochastic gradient descent, SGD | 随机梯度下降

    formula: W <- W - eta (dE/dW + 2 lambda W)
    use: `penalize`
    proof: tests/training/test_penalize.py::test_a_step_of_gradient_descent_by_hand
    """


def output_layer():
    """
    18 | 000 4.3 | softmax, hidden state | 隐状态

    formula: y = softmax(W_o h_T + b_o)
    use: `RNNRecommender(tied=False)`
    proof: tests/zoo/test_rnn_recommender.py::test_untied_scores_by_hand_are_the_softmax_of_w_h_and_b
    """


def tags_of_a_user():
    """
    23 | 001 1.1 | keywords, user profile | 关键词、用户画像

    use: `model.profile(user)`, `Client.profile`: categories, words, times by weight; signature `profile`
    command: kerasrec profile RUN_OR_EXPORT --user USER --plot FILE.png
    proof: tests/models/profiles/test_user_profile.py::test_shares_of_a_user_by_hand
    """


def rating_matrix():
    """
    28 | 001 2-4, 2.1 | rating matrix | 评分矩阵
    30 | 001 2-4 | rating matrix, item-user matrix | 评分矩阵、物品-用户评分矩阵
    46 | 001 1.2 | rating matrix, rating prediction | 评分矩阵、评分预测

    use: `Interactions.from_matrix(matrix)`: an array, a frame or a sparse matrix
    note: pass the transposed matrix where items are the rows
    proof: tests/data/test_matrix_table.py::test_cells_with_a_value
    """


def attention_by_tanh():
    """
    64 | 001 3.2 | attention of a candidate to the history, target attention | 注意力机制

    formula: A_s = tanh(theta^T (h_s * t)), c = sum_s A_s h_s
    use: `TargetAttention([1], "tanh")`, `DIN`
    proof: tests/layers/test_target_attention.py::test_tanh_of_a_bilinear_form_by_hand
    """


def encoder_of_convolutions():
    """
    69 | 001 3.3 | encoder, convolution, CNN | 编码器、卷积神经网络

    use: `Seq2Seq(cell="cnn")`
    proof: tests/zoo/test_seq2seq.py::test_convolutions_and_attention_before_the_cell_write_a_cycle
    """


def encoder_of_a_dense_layer():
    """
    69 | 001 3.3 | encoder, multi-layer perceptron, MLP | 编码器、多层感知机

    formula: h_s = relu(W x_s + b)
    use: `Seq2Seq(cell="mlp")`
    proof: tests/zoo/test_seq2seq.py::test_attention_before_the_cell_by_hand
    """


def decoder_of_the_article():
    """
    70 | 001 3.3 | hidden state, decoder | 隐状态、解码器
    71 | 001 3.3 | context vector, attention weights | 注意力权重

    formula: H_0 = 0, alpha = softmax(h W [H; o]), C = sum alpha h, H <- GRU([o; C], H)
    use: `Seq2Seq(context_first=True)`, `ContextInputDecoder`
    proof: tests/zoo/test_seq2seq.py::test_attention_before_the_cell_by_hand
    """
