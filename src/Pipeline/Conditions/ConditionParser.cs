using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Pipeline.Conditions;

/// <summary>Reads <c>or</c>, <c>and</c>, <c>not</c>, parentheses, <c>exists(x)</c>, the grammar's own tests and comparisons, in that order of binding.</summary>
internal sealed class ConditionParser<T>(string text, ConditionGrammar<T> grammar)
    where T : allows ref struct
{
    private const int MaxLength = 4096;
    private const int MaxDepth = 64;
    private const string Separator = ",";

    private readonly ConditionLexer lexer = new(text);
    private int depth;
    private string? fault;

    public ConditionNode<T>? Parse(out string? error)
    {
        if (text.Length > MaxLength)
        {
            error = $"the condition is longer than {MaxLength} characters";
            return null;
        }

        lexer.Next();
        var node = Or();
        if (fault is null && lexer.Kind != TokenKind.End)
        {
            Fail($"'{lexer.Text}' is not expected here; join conditions with 'and' or 'or'");
        }

        error = fault is null ? null : $"'{text}' is no condition: {fault}";
        return fault is null ? node : null;
    }

    private ConditionNode<T>? Or()
    {
        var left = And();
        while (fault is null && lexer.IsWord("or"))
        {
            lexer.Next();
            var right = And();
            left = left is null || right is null ? null : new AnyOf<T>(left, right);
        }

        return left;
    }

    private ConditionNode<T>? And()
    {
        var left = Primary();
        while (fault is null && lexer.IsWord("and"))
        {
            lexer.Next();
            var right = Primary();
            left = left is null || right is null ? null : new AllOf<T>(left, right);
        }

        return left;
    }

    private ConditionNode<T>? Primary()
    {
        if (++depth > MaxDepth)
        {
            return Fail($"it is nested more than {MaxDepth} deep");
        }

        var node = lexer.IsWord("not") ? Negation() : lexer.Kind == TokenKind.Open ? Parenthesis() : Test();
        depth--;
        return node;
    }

    private Not<T>? Negation()
    {
        lexer.Next();
        var inner = Primary();
        return inner is null ? null : new Not<T>(inner);
    }

    private ConditionNode<T>? Parenthesis()
    {
        lexer.Next();
        var inner = Or();
        return Close() ? inner : null;
    }

    private ConditionNode<T>? Test()
    {
        if (lexer.IsWord("exists") && lexer.PeekIsOpen)
        {
            lexer.Next();
            lexer.Next();
            var operand = Operand();
            return operand is null || !Close() ? null : new Exists<T>(operand);
        }

        if (lexer.Kind == TokenKind.Name && lexer.PeekIsOpen && lexer.Text is not ("and" or "or" or "not"))
        {
            return grammar.Functions.Contains(lexer.Text) ? Function() : Fail($"'{lexer.Text}' is no function{Suggestion.Remedy(lexer.Text, ["exists", .. grammar.Functions])}");
        }

        var left = Operand();
        if (left is null)
        {
            return null;
        }

        if (lexer.Kind != TokenKind.Comparator)
        {
            return Fail(lexer.Text is "=" or "&&" or "||" or "!" or "&" or "|"
                ? $"'{lexer.Text}' is unknown; write '==', 'and', 'or' or 'not'"
                : $"a comparison (==, !=, <, <=, >, >=) is expected {lexer.Place}");
        }

        var comparator = lexer.Comparator;
        lexer.Next();
        var right = Operand();
        if (right is null)
        {
            return null;
        }

        if (left is LiteralOperand<T> { Kind: not OperandKind.Missing } one && right is LiteralOperand<T> { Kind: not OperandKind.Missing } other)
        {
            return Fail($"'{one.Text}' and '{other.Text}' are both fixed values, and comparing them always gives the same; a name stands without quotes");
        }

        if (grammar.Fault(left, right) is { } wrong)
        {
            return Fail(wrong);
        }

        return IsNull(left) || IsNull(right) ? NullTest(comparator, left, right) : grammar.Compare(comparator, left, right);
    }

    private ConditionNode<T>? Function()
    {
        var name = lexer.Text;
        var arguments = new List<string>();
        lexer.Next();
        do
        {
            lexer.Next();
            if (lexer.Kind != TokenKind.Name || lexer.IsWord(Separator))
            {
                return Fail($"a name is expected {lexer.Place}");
            }

            arguments.Add(lexer.Text);
            lexer.Next();
        }
        while (lexer.IsWord(Separator));

        if (!Close())
        {
            return null;
        }

        var node = grammar.Function(name, arguments, out var error);
        fault ??= error;
        return node;
    }

    private ConditionNode<T>? NullTest(Comparator comparator, ConditionOperand<T> left, ConditionOperand<T> right)
    {
        if (comparator is not (Comparator.Equal or Comparator.NotEqual))
        {
            return Fail("null can be compared with == and != only");
        }

        var exists = new Exists<T>(IsNull(left) ? right : left);
        return comparator == Comparator.NotEqual ? exists : new Not<T>(exists);
    }

    private static bool IsNull(ConditionOperand<T> operand) => operand is LiteralOperand<T> { Kind: OperandKind.Missing };

    private ConditionOperand<T>? Operand()
    {
        ConditionOperand<T>? operand;
        switch (lexer.Kind)
        {
            case TokenKind.Text:
                operand = new LiteralOperand<T>(OperandKind.Text, lexer.Text);
                break;
            case TokenKind.Number:
                operand = new LiteralOperand<T>(OperandKind.Number, lexer.Text);
                break;
            case TokenKind.Name when lexer.Text is "true" or "false":
                operand = new LiteralOperand<T>(OperandKind.Bool, lexer.Text);
                break;
            case TokenKind.Name when lexer.Text is "null":
                operand = new LiteralOperand<T>(OperandKind.Missing, lexer.Text);
                break;
            case TokenKind.Name when lexer.Text is not ("and" or "or" or "not"):
                operand = grammar.Resolve(lexer.Text, out var error);
                if (operand is null)
                {
                    fault ??= error;
                }

                break;
            case TokenKind.Broken:
                Fail(lexer.Text.Length == 0 ? "a text is not closed" : $"'{lexer.Text}' is unknown");
                return null;
            default:
                Fail($"a name or a value is expected {lexer.Place}");
                return null;
        }

        lexer.Next();
        return operand;
    }

    private bool Close()
    {
        if (fault is null && lexer.Kind != TokenKind.Close)
        {
            Fail($"')' is expected {lexer.Place}");
        }

        if (fault is not null)
        {
            return false;
        }

        lexer.Next();
        return true;
    }

    private ConditionNode<T>? Fail(string message)
    {
        fault ??= message;
        return null;
    }
}
