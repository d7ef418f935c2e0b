using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Blocks;

/// <summary>Where a block stands in the picture.</summary>
public enum BlockKind
{
    /// <summary>Payloads enter here.</summary>
    Source,

    /// <summary>Records are made and changed here.</summary>
    Transform,

    /// <summary>Records leave here.</summary>
    Sink,
}

/// <summary>
/// One kind of block that a config can name: its options (which give parsing, schema and reference), its check and how it is built.
/// </summary>
public sealed class BlockType
{
    private readonly Func<BlockOptions, BlockContext, object> create;
    private readonly Action<BlockOptions, BlockCheck>? check;
    private readonly Func<BlockOptions, Scaling> scaling;

    private BlockType(string name, BlockKind kind, Type options, string guarantee, Func<BlockOptions, BlockContext, object> create, Action<BlockOptions, BlockCheck>? check, Func<BlockOptions, Scaling>? scaling = null, string? repeats = null)
    {
        Repeats = repeats;
        this.scaling = scaling ?? (_ => Scaling.Single);
        Name = name;
        Kind = kind;
        Options = options;
        Guarantee = guarantee;
        this.create = create;
        this.check = check;
    }

    /// <summary>What stands in the config's <c>type</c>.</summary>
    public string Name { get; }

    /// <summary>Where it stands in the picture.</summary>
    public BlockKind Kind { get; }

    /// <summary>The type of its options record.</summary>
    public Type Options { get; }

    /// <summary>What it promises about delivery, in one plain sentence.</summary>
    public string Guarantee { get; }

    /// <summary>
    /// Sources and sinks: what a restart from a checkpoint repeats, in a few words; null when nothing, because the block goes back to where it stood.
    /// </summary>
    public string? Repeats { get; }

    /// <summary>Sinks: whether what they show is empty after a restart of the process, also with checkpoints.</summary>
    public bool BeginsEmpty { get; private init; }

    /// <summary>Transforms: whether after a restart from a checkpoint they tell sinks that begin empty what they know.</summary>
    public bool TellsRestored { get; private init; }

    /// <summary>Sources: what a restart without checkpoints does, in a few words.</summary>
    public string Unchecked { get; private init; } = "";

    /// <summary>Declares a source.</summary>
    /// <param name="name">What stands in the config's <c>type</c>.</param>
    /// <param name="guarantee">What it promises about delivery.</param>
    /// <param name="create">Makes one.</param>
    /// <param name="check">Reports what the options alone can't say.</param>
    /// <param name="repeats">What a restart repeats; null for an <see cref="Checkpoints.IReplayableSource"/>.</param>
    /// <param name="without">What a restart without checkpoints does; null when everything is read again.</param>
    public static BlockType Source<T>(string name, string guarantee, Func<T, BlockContext, ISource> create, Action<T, BlockCheck>? check = null, string? repeats = null, string? without = null)
        where T : SourceOptions => new(name, BlockKind.Source, typeof(T), guarantee, (o, c) => create((T)o, c), check is null ? null : (o, c) => check((T)o, c), repeats: repeats)
        {
            Unchecked = without ?? "at least once, and a restart begins anew: everything is read and written again",
        };

    /// <summary>Declares a transform.</summary>
    /// <param name="name">What stands in the config's <c>type</c>.</param>
    /// <param name="guarantee">What it promises about delivery.</param>
    /// <param name="create">Makes one.</param>
    /// <param name="check">Reports what the options alone can't say.</param>
    /// <param name="scaling">How workers may share its records.</param>
    /// <param name="tellsRestored">Whether it tells sinks that begin empty what it knows from a checkpoint.</param>
    public static BlockType Transform<T>(string name, string guarantee, Func<T, BlockContext, IStep> create, Action<T, BlockCheck>? check = null, Scaling scaling = Scaling.Single, bool tellsRestored = false)
        where T : TransformOptions => new(name, BlockKind.Transform, typeof(T), guarantee, (o, c) => create((T)o, c), check is null ? null : (o, c) => check((T)o, c), _ => scaling)
        {
            TellsRestored = tellsRestored,
        };

    /// <summary>Declares a transform whose options decide how workers may share its records.</summary>
    /// <param name="name">What stands in the config's <c>type</c>.</param>
    /// <param name="guarantee">What it promises about delivery.</param>
    /// <param name="create">Makes one.</param>
    /// <param name="check">Reports what the options alone can't say.</param>
    /// <param name="scaling">How workers may share its records.</param>
    public static BlockType Transform<T>(string name, string guarantee, Func<T, BlockContext, IStep> create, Action<T, BlockCheck> check, Func<T, Scaling> scaling)
        where T : TransformOptions => new(name, BlockKind.Transform, typeof(T), guarantee, (o, c) => create((T)o, c), (o, c) => check((T)o, c), o => scaling((T)o));

    /// <summary>Declares a sink.</summary>
    /// <param name="name">What stands in the config's <c>type</c>.</param>
    /// <param name="guarantee">What it promises about delivery.</param>
    /// <param name="create">Makes one.</param>
    /// <param name="check">Reports what the options alone can't say.</param>
    /// <param name="repeats">What a restart repeats; null for an <see cref="Checkpoints.ICheckpointedSink"/>.</param>
    /// <param name="beginsEmpty">Whether what it shows is gone when the process ends.</param>
    public static BlockType Sink<T>(string name, string guarantee, Func<T, BlockContext, ISink> create, Action<T, BlockCheck>? check = null, string? repeats = null, bool beginsEmpty = false)
        where T : SinkOptions => new(name, BlockKind.Sink, typeof(T), guarantee, (o, c) => create((T)o, c), check is null ? null : (o, c) => check((T)o, c), repeats: repeats)
        {
            BeginsEmpty = beginsEmpty,
        };

    /// <summary>Reports what the options alone can't say: files that don't exist, fields no record has. Touches no network.</summary>
    public void Check(BlockOptions options, BlockCheck context) => check?.Invoke(options, context);

    /// <summary>Transforms: whether several instances may share the work.</summary>
    public Scaling ScalingOf(BlockOptions options) => scaling(options);

    internal object Create(BlockOptions options, BlockContext context) => create(options, context);
}
