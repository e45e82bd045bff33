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

TensorFlow puts `SaveV2`, which writes files, into every SavedModel;
`kerasrec.export.without_saving` removes it.
"""

# Operations in exports of the zoo, with every index and storage; in alphabetical order.
ZOO = frozenset(
    """
    Abs Add AddV2 All Any ArgMax Assert AssignVariableOp BatchMatMulV2 BiasAdd Bitcast BitwiseAnd
    BroadcastTo Cast ConcatV2 Const Conv2D Cumsum DenseBincount DisableCopyOnRead DynamicStitch
    Einsum EnsureShape Equal Erfc Exp ExpandDims Fill FloorDiv FloorMod GatherV2 Greater
    GreaterEqual HashTableV2 Identity IdentityN If IsFinite Less LessEqual Log Log1p LogicalAnd
    LogicalNot LogicalOr LookupTableExportV2 LookupTableFindV2 LookupTableImportV2 LowerBound
    MatMul Max Maximum Mean Min Minimum Mul MutableHashTableV2 Neg NoOp NotEqual OnesLike Pack Pad
    PadV2 ParseExampleV2 PartitionedCall Placeholder Prod RaggedRange RaggedTensorToTensor Range
    ReadVariableOp RealDiv Relu Reshape ResourceGather RestoreV2 Rsqrt Select SelectV2 Shape
    Sigmoid Size Softmax Split Sqrt Square SquaredDifference Squeeze StatefulPartitionedCall
    StaticRegexFullMatch StaticRegexReplace StopGradient StridedSlice StringJoin StringLower
    StringSplitV2 Sub Sum Tanh TensorListConcatV2 TensorListFromTensor TensorListGetItem
    TensorListReserve TensorListSetItem TensorListStack TensorScatterMin TensorScatterUpdate Tile
    TopKV2 Transpose Unpack UnsortedSegmentSum VarHandleOp Where While ZerosLike
    """.split()
)

# Operations of other Keras layers, and of our layers with other data. They are all stateless.
STATELESS = frozenset(
    """
    Acos Acosh AddN ArgMin AsString Asin Asinh Atan Atan2 Atanh AvgPool BatchMatMulV3 Bincount
    Ceil ClipByValue Cos Cosh Cumprod CumulativeLogsumexp DepthwiseConv2dNative Diag DiagPart
    Digamma DivNoNan DynamicPartition Elu Erf Erfinv Expm1 Floor FusedBatchNormV3 GatherNd
    InvertPermutation IsInf IsNan L2Loss LeakyRelu Lgamma LinSpace LogSoftmax MatrixBandPart
    MatrixDiagV3 MaxPool MulNoNan OneHot ParallelDynamicStitch Pow Rank Reciprocal Relu6
    ReverseSequence ReverseV2 Rint Roll Round ScatterNd SegmentMax SegmentMean SegmentMin
    SegmentSum Selu Sign Sin Sinh Softplus Softsign SplitV StatelessIf StatelessWhile StringLength
    StringStrip StringToNumber StringUpper Substr Tan TensorListLength TensorScatterAdd
    TensorScatterMax TensorScatterSub Unique UniqueV2 UnsortedSegmentMax UnsortedSegmentMin
    UnsortedSegmentProd UpperBound Xdivy Xlogy
    """.split()
)

OPERATIONS = ZOO | STATELESS
