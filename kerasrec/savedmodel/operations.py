"""The list of operations that run without `trust`; an export may hold no others.

None of them writes a file, opens a connection, starts a process or calls Python. Those with the
largest effects:

* `RestoreV2` reads the variables when a version is loaded. A hostile graph can make it read any
  file in the format of TensorFlow's checkpoints, and no other file.
* `HashTableV2`, `MutableHashTableV2` and `LookupTable...` hold the ids in memory.
  `InitializeTableFromTextFileV2`, which reads a text file, is not in the list.
* `If`, `While`, `PartitionedCall` and `StatefulPartitionedCall` run functions of the graph, whose
  operations are checked too. A graph may run forever or use up the memory.
* `Assert` rejects a request with a message.
* `DecodeImage` and `ExtractJpegShape` decode the picture of a request with the libraries inside of
  TensorFlow. The graphs of kerasrec first check that it is JPEG or PNG, and its number of pixels.

TensorFlow puts `SaveV2`, which writes files, into every SavedModel;
`kerasrec.export.without_saving` removes it.
"""

# Operations in exports of the zoo, with every index and storage; in alphabetical order.
ZOO = frozenset(
    """
    Abs Add AddV2 All Any ArgMax Assert AssignVariableOp BatchMatMulV2 BiasAdd Bitcast BitwiseAnd
    BroadcastTo Cast ConcatV2 Const Conv2D Cumsum DecodeImage DecodeRaw DenseBincount
    DisableCopyOnRead DynamicStitch Einsum EnsureShape Equal Erfc Exp ExpandDims ExtractJpegShape
    Fill FloorDiv FloorMod GatherV2 Greater GreaterEqual HashTableV2 Identity IdentityN If IsFinite
    Less LessEqual Log Log1p LogicalAnd LogicalNot LogicalOr LookupTableExportV2 LookupTableFindV2
    LookupTableImportV2 LowerBound MatMul Max MaxPool Maximum Mean Min Minimum Mul
    MutableHashTableV2 Neg NoOp NotEqual OnesLike Pack Pad PadV2 ParseExampleV2 PartitionedCall
    Placeholder Prod RaggedRange RaggedTensorToTensor Range ReadVariableOp RealDiv Relu Reshape
    ResourceGather RestoreV2 Round Rsqrt ScaleAndTranslate Select SelectV2 Shape Sigmoid Size
    Softmax Split Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall
    StaticRegexFullMatch StaticRegexReplace StopGradient StridedSlice StringJoin StringLength
    StringLower StringSplitV2 Sub Substr Sum Tanh TensorListConcatV2 TensorListFromTensor
    TensorListGetItem TensorListReserve TensorListSetItem TensorListStack TensorScatterMin
    TensorScatterUpdate Tile TopKV2 Transpose Unpack UnsortedSegmentSum VarHandleOp Where While
    ZerosLike
    """.split()
)

# Operations of other Keras layers, and of our layers with other data. They are all stateless.
STATELESS = frozenset(
    """
    Acos Acosh AddN ArgMin AsString Asin Asinh Atan Atan2 Atanh AvgPool BatchMatMulV3 Bincount Ceil
    ClipByValue Cos Cosh Cumprod CumulativeLogsumexp DepthwiseConv2dNative Diag DiagPart Digamma
    DivNoNan DynamicPartition Elu Erf Erfinv Expm1 Floor FusedBatchNormV3 GatherNd
    InvertPermutation IsInf IsNan L2Loss LeakyRelu Lgamma LinSpace LogSoftmax MatrixBandPart
    MatrixDiagV3 MulNoNan OneHot ParallelDynamicStitch Pow Rank Reciprocal Relu6 ReverseSequence
    ReverseV2 Rint Roll ScatterNd SegmentMax SegmentMean SegmentMin SegmentSum Selu Sign Sin Sinh
    Softplus Softsign SplitV StatelessIf StatelessWhile StringStrip StringToNumber StringUpper Tan
    TensorListLength TensorScatterAdd TensorScatterMax TensorScatterSub Unique UniqueV2
    UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd UpperBound Xdivy Xlogy
    """.split()
)

OPERATIONS = ZOO | STATELESS
