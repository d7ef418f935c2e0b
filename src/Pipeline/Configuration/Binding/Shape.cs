using System.Collections.Concurrent;
using System.Text.Json;
using StreamEngine.Pipeline.Blocks;

namespace StreamEngine.Pipeline.Configuration.Binding;

/// <summary>What may stand in a setting. Binding, printing, the schema and the reference all follow it.</summary>
internal abstract record Shape
{
    private static readonly ConcurrentDictionary<Type, Shape> Known = new();

    /// <summary>The shape of values of a CLR type.</summary>
    /// <exception cref="NotSupportedException">An options record has a property of a type that no setting can have.</exception>
    public static Shape Of(Type type) => Known.GetOrAdd(type, Make);

    private static Shape Make(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (ScalarShape.KindOf(type) is { } kind)
        {
            return new ScalarShape(kind, type);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return new ListShape(type.GenericTypeArguments[0]);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>) && type.GenericTypeArguments[0] == typeof(string))
        {
            return new MapShape(type.GenericTypeArguments[1]);
        }

        return type == typeof(SourceOptions) ? new BlockShape(BlockKind.Source)
            : type == typeof(TransformOptions) ? new BlockShape(BlockKind.Transform)
            : type == typeof(SinkOptions) ? new BlockShape(BlockKind.Sink)
            : type.IsClass && !type.IsAbstract && type.GetConstructor(Type.EmptyTypes) is not null ? new RecordShape(type)
            : throw new NotSupportedException($"No setting can have the type {type}.");
    }
}

internal enum ScalarKind
{
    Text,
    Bool,
    Int,
    Long,
    Double,

    /// <summary>A text with its own notation, such as a duration.</summary>
    Parsed,
    Enum,

    /// <summary>Any text, number or bool.</summary>
    Constant,

    /// <summary>Any JSON at all.</summary>
    Json,
}

internal sealed record ScalarShape(ScalarKind Kind, Type Type) : Shape
{
    public static ScalarKind? KindOf(Type type) =>
        type == typeof(string) ? ScalarKind.Text
        : type == typeof(bool) ? ScalarKind.Bool
        : type == typeof(int) ? ScalarKind.Int
        : type == typeof(long) ? ScalarKind.Long
        : type == typeof(double) ? ScalarKind.Double
        : type == typeof(object) ? ScalarKind.Constant
        : type == typeof(JsonElement) ? ScalarKind.Json
        : type.IsEnum ? ScalarKind.Enum
        : type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IParsable<>) && i.GenericTypeArguments[0] == type) ? ScalarKind.Parsed
        : null;

    /// <summary>The names of an enum's values as they are written.</summary>
    public IReadOnlyList<string> EnumNames { get; } = Type.IsEnum ? [.. Enum.GetNames(Type).Select(SettingsType.CamelCase)] : [];
}

/// <summary>A list; a single value stands for a list of one.</summary>
internal sealed record ListShape(Type ElementType) : Shape
{
    public Shape Element => Of(ElementType);
}

/// <summary>An object whose members the operator names.</summary>
internal sealed record MapShape(Type ValueType) : Shape
{
    public Shape Value => Of(ValueType);
}

/// <summary>An object with known members.</summary>
internal sealed record RecordShape(Type Type) : Shape
{
    public SettingsType Settings => SettingsType.Of(Type);
}

/// <summary>An object whose <c>type</c> names one of the catalog's block types.</summary>
internal sealed record BlockShape(BlockKind Kind) : Shape;
