using System.Diagnostics.CodeAnalysis;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>A condition over a payload before any mapping, such as <c>type == 'update' and not exists(error)</c>; compiled once.</summary>
public sealed class PayloadCondition
{
    private readonly ConditionNode<JsonValue> root;

    private PayloadCondition(ConditionNode<JsonValue> root) => this.root = root;

    /// <summary>Compiles a condition.</summary>
    /// <param name="text">As the operator wrote it.</param>
    /// <param name="condition">The condition, when it is one.</param>
    /// <param name="error">What is wrong with it and the remedy, when it is none.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out PayloadCondition? condition, [NotNullWhen(false)] out string? error)
    {
        var root = new Grammar().Parse(text, out var fault);
        condition = root is null ? null : new PayloadCondition(root);
        error = fault ?? "";
        return condition is not null;
    }

    /// <summary>Whether it is known to hold: a comparison with something that isn't there does not.</summary>
    public bool Holds(JsonValue payload) => root.Test(payload) == Truth.True;

    private sealed class Grammar : ConditionGrammar<JsonValue>
    {
        public override ConditionOperand<JsonValue>? Resolve(string name, out string? error)
        {
            if (!MappingPath.TryParse(name, out var path, out error))
            {
                return null;
            }

            error = path.NeedsContext ? $"'{name}' looks beyond the payload; here paths start from the payload" : null;
            return error is null ? new PathOperand(path) : null;
        }
    }

    private sealed class PathOperand(MappingPath path) : ConditionOperand<JsonValue>
    {
        public override Operand Read(JsonValue context)
        {
            if (!path.TryGet(context, out var value))
            {
                return default;
            }

            ref readonly var token = ref value.Tape.Tokens[value.Index];
            switch (token.Kind)
            {
                case JsonKind.True or JsonKind.False:
                    return Operand.Bool(token.Kind == JsonKind.True);
                case JsonKind.Number:
                    return new Operand { Kind = token.IsBig ? OperandKind.BigNumber : OperandKind.Number, Bits = token.Bits, Scale = token.Scale, Text = value.Raw, Offset = Operand.Nowhere };
                case JsonKind.String:
                    return Text(value.Bytes.Slice(token.Start, token.Length), token.IsEscaped);
                case JsonKind.Object or JsonKind.Array:
                    return new Operand { Kind = OperandKind.Complex };
                default:
                    return default;
            }
        }

        private static Operand Text(ReadOnlySpan<byte> raw, bool isEscaped)
        {
            if (!isEscaped)
            {
                return Operand.String(raw);
            }

            var text = new byte[raw.Length];
            return JsonStrings.TryUnescape(raw, text, out var length) ? Operand.String(text.AsSpan(0, length)) : new Operand { Kind = OperandKind.Complex };
        }
    }
}
