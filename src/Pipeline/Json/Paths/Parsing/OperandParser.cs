using System.Text;
using StreamEngine.Pipeline.Json.Paths.Functions;

namespace StreamEngine.Pipeline.Json.Paths.Parsing;

/// <summary>Reads what a condition tests or compares (RFC 9535, 2.3.5.1 and 2.4): a query, a literal or a call of a function.</summary>
internal static class OperandParser
{
    /// <summary>Reads one.</summary>
    /// <returns>Null when it is faulty.</returns>
    public static FilterExpression? Read(PathReader reader)
    {
        if (reader.Next is '$' or '@')
        {
            return QueryParser.Read(reader);
        }

        if (reader.IsAtQuote)
        {
            return ReadString(reader);
        }

        if (reader.IsAtNumber)
        {
            return ReadNumber(reader);
        }

        var start = reader.At;
        while (char.IsAsciiLetterLower(reader.Next) || (reader.At > start && (char.IsAsciiDigit(reader.Next) || reader.Next == '_')))
        {
            reader.At++;
        }

        var word = reader.Text[start..reader.At];
        if (reader.Next == '(' && word.Length > 0)
        {
            return ReadCall(reader, start, word);
        }

        JsonKind? kind = word switch
        {
            "null" => JsonKind.Null,
            "false" => JsonKind.False,
            "true" => JsonKind.True,
            _ => null,
        };
        if (kind is null)
        {
            reader.Fail(start, "a query, a literal or a function expected", "such as @.name, 'text', 1, true or length(@)");
            return null;
        }

        return new Literal(new JsonToken { Meta = (uint)kind }, []);
    }

    private static Literal? ReadString(PathReader reader)
    {
        if (StringLiteral.Read(reader) is not { } text)
        {
            return null;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        return new Literal(new JsonToken { Length = bytes.Length, Meta = JsonToken.PlainString }, bytes);
    }

    private static Literal? ReadNumber(PathReader reader)
    {
        var end = reader.At;
        while (end < reader.Text.Length && (char.IsAsciiDigit(reader.Text[end]) || reader.Text[end] is '-' or '+' or '.' or 'e' or 'E'))
        {
            end++;
        }

        // Numbers are those of JSON.
        var bytes = Encoding.UTF8.GetBytes(reader.Text[reader.At..end]);
        var token = default(JsonToken);
        var length = JsonNumbers.Read(bytes, ref token);
        if (length < 0)
        {
            reader.Fail(reader.At + ~length, "a number that breaks off or has a leading zero");
            return null;
        }

        reader.At += length;
        return new Literal(token, bytes[..length]);
    }

    private static FilterExpression? ReadCall(PathReader reader, int start, string name)
    {
        if (FunctionExtension.Find(name) is not { } function)
        {
            reader.Fail(start, $"an unknown function '{name}'", $"known are {FunctionExtension.Names}");
            return null;
        }

        if (!reader.TryEnter())
        {
            return null;
        }

        reader.At++;
        var arguments = ReadArguments(reader, function);
        reader.Leave();
        if (arguments is null)
        {
            return null;
        }

        var call = function.Call(arguments);
        if (call is RegexpFunction { IsTooLarge: true })
        {
            reader.Fail(start, "a regular expression that is too long, too deep or counts too far");
            return null;
        }

        if (call is RegexpFunction { Doubt: { } doubt })
        {
            reader.Doubt(start, $"{name}()", $"never holds: {doubt}");
        }

        return call;
    }

    /// <summary>Reads arguments and the parenthesis behind them.</summary>
    private static FilterExpression[]? ReadArguments(PathReader reader, FunctionExtension function)
    {
        var arguments = new FilterExpression[function.Arity];
        for (var i = 0; i < arguments.Length; i++)
        {
            reader.SkipBlanks();
            if (reader.Next == ')')
            {
                return Fail(reader, $"{function.Name} takes {Count(function.Arity)}: another one expected");
            }

            var start = reader.At;
            if (Read(reader) is not { } argument)
            {
                return null;
            }

            if (function.Accept(argument) is not { } accepted)
            {
                return Fail(reader, start, function);
            }

            arguments[i] = accepted;
            reader.SkipBlanks();
            if (i < arguments.Length - 1 && reader.Next != ')' && !reader.TryTake(","))
            {
                return Fail(reader, "',' expected");
            }
        }

        if (!reader.TryTake(")"))
        {
            return Fail(reader, $"')' expected, as {function.Name} takes {Count(function.Arity)},");
        }

        return arguments;
    }

    private static FilterExpression[]? Fail(PathReader reader, string what)
    {
        reader.Fail(what);
        return null;
    }

    private static FilterExpression[]? Fail(PathReader reader, int start, FunctionExtension function)
    {
        reader.Fail(
            start,
            $"another argument of {function.Name} expected",
            function.TakesNodes
                ? "it takes a query such as @.name"
                : "it takes a value: a literal, a query that goes by names and indexes only, or a function that gives a value");
        return null;
    }

    private static string Count(int arguments) => arguments == 1 ? "1 argument" : $"{arguments} arguments";
}
