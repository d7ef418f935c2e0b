using System.Text;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Json.Paths;
using StreamEngine.Pipeline.Json.Paths.Regexps;

namespace StreamEngine.Pipeline.Tests.Json;

/// <summary>Regular expressions of RFC 9485 in JSONPaths.</summary>
public class JsonPathRegexpTests
{
    [Theory]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a|b", "b", true)]
    [InlineData("a|b", "ab", false)]
    [InlineData("a||b", "", true)]
    [InlineData("()", "", true)]
    [InlineData("(ab)*c", "ababc", true)]
    [InlineData("a?b+", "bb", true)]
    [InlineData("a{2}", "aa", true)]
    [InlineData("a{2}", "aaa", false)]
    [InlineData("a{2,}", "aaaa", true)]
    [InlineData("a{02,003}", "aaaa", false)]
    [InlineData("a{0}", "", true)]
    [InlineData(".", "\U0001F600", true)]
    [InlineData("..", "\U0001F600", false)]
    [InlineData(".", "\u2028", true)]
    [InlineData(".", "\n", false)]
    [InlineData(".", "\r", false)]
    [InlineData("\U0001F600{2}", "\U0001F600\U0001F600", true)]
    [InlineData("\U0001F600+", "\U0001F600\U0001F601", false)]
    [InlineData("[\U0001F600-\U0001F602]", "\U0001F601", true)]
    [InlineData("[\U0001F600-\U0001F602]", "\U0001F603", false)]
    [InlineData("[a-\U0001F600]", "\U0001F5FF", true)]
    [InlineData("[a-\U0001F600]", "\uffff", true)]
    [InlineData("[^a]", "\U0001F600", true)]
    [InlineData("[^\U0001F600]", "\U0001F600", false)]
    [InlineData("[^\U0001F600]", "\U0001F601", true)]
    [InlineData("[^ab]", "c", true)]
    [InlineData("[^ab]", "\n", true)]
    [InlineData("[-a]", "-", true)]
    [InlineData("[a-]", "-", true)]
    [InlineData("[a^]", "^", true)]
    [InlineData("[$]", "$", true)]
    [InlineData("[\\]\\[\\\\\\-\\^]+", "][\\-^", true)]
    [InlineData("[\\p{Lu}0-9]+", "A1\u00c9", true)]
    [InlineData("[^\\p{Lu}]", "A", false)]
    [InlineData("[^\\p{L}\\P{L}]", "a", false)]
    [InlineData("\\p{L}", "\U00020000", true)]
    [InlineData("\\p{So}", "\U0001F600", true)]
    [InlineData("\\p{Lu}", "\U00010400", true)]
    [InlineData("\\p{Ll}", "\U00010400", false)]
    [InlineData("\\P{L}", "\U0001F600", true)]
    [InlineData("\\p{C}", "\U0001F600", false)]
    [InlineData("\\p{Co}", "\U00100000", true)]
    [InlineData("\\n\\r\\t\\.\\?\\*\\+\\(\\)\\{\\}\\|\\-", "\n\r\t.?*+(){}|-", true)]
    [InlineData("#a b", "#a b", true)]
    [InlineData("k", "\u212a", false)]
    [InlineData("a$", "a\n", false)]
    [InlineData("a", "a\n", false)]
    [InlineData("^*a", "a", true)]
    [InlineData("\\p{L}{1,100}.{0,200}", "a\U0001F600", true)]
    [InlineData("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false)]
    public void A_text_matches_as_a_whole(string pattern, string text, bool matches)
    {
        var regexp = IRegexp.Compile(pattern, isEntire: true, out var fault);
        Assert.Equal(IRegexpFault.None, fault);
        Assert.Equal(matches, regexp!.IsMatch(Encoding.UTF8.GetBytes(text)));
    }

    [Theory]
    [InlineData("b.d", "a\nbcde", true)]
    [InlineData("", "", true)]
    [InlineData("^b", "ab", false)]
    [InlineData("b$", "ab", true)]
    [InlineData("b$", "ab\n", false)]
    [InlineData("^b", "a\nb", false)]
    [InlineData("\U0001F600", "a\U0001F600b", true)]
    [InlineData("\U0001F600", "a\U0001F601b", false)]
    public void A_text_contains_a_match(string pattern, string text, bool matches) =>
        Assert.Equal(matches, IRegexp.Compile(pattern, isEntire: false, out _)!.IsMatch(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("*a")]
    [InlineData("a**")]
    [InlineData("a*?")]
    [InlineData("a+{2}")]
    [InlineData("|*")]
    [InlineData("(*)")]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("(a")]
    [InlineData("a)(b")]
    [InlineData("(?:a)")]
    [InlineData("(?=a)")]
    [InlineData("[")]
    [InlineData("[]")]
    [InlineData("[^]")]
    [InlineData("[a")]
    [InlineData("a]")]
    [InlineData("[a-b-c]")]
    [InlineData("[b-a]")]
    [InlineData("[[a]]")]
    [InlineData("[a-[b]]")]
    [InlineData("[a-\\p{L}]")]
    [InlineData("[\\d]")]
    [InlineData("a{")]
    [InlineData("a{}")]
    [InlineData("a{,2}")]
    [InlineData("a{2,1}")]
    [InlineData("a{1,2,3}")]
    [InlineData("a{x}")]
    [InlineData("a}")]
    [InlineData("{1}")]
    [InlineData("\\")]
    [InlineData("\\d")]
    [InlineData("\\w")]
    [InlineData("\\b")]
    [InlineData("\\1")]
    [InlineData("\\/")]
    [InlineData("\\u0061")]
    [InlineData("\\p")]
    [InlineData("\\p{")]
    [InlineData("\\p{}")]
    [InlineData("\\pL")]
    [InlineData("\\p{Cs}")]
    [InlineData("\\p{Lx}")]
    [InlineData("\\p{lu}")]
    [InlineData("\\p{IsGreek}")]
    public void What_is_no_I_Regexp_is_refused(string pattern)
    {
        Assert.Null(IRegexp.Compile(pattern, isEntire: true, out var fault));
        Assert.Equal(IRegexpFault.NoRegexp, fault);
    }

    [Theory]
    [InlineData("$[?match(@.t, @.p)].n", "1 3")]
    [InlineData("$[?search(@.t, @.p)].n", "1 2 3")]
    [InlineData("$[?!match(@.t, @.p)].n", "2 4 5 6 7 8")]
    [InlineData("$[?match(@.t, '(ab')].n", "")]
    [InlineData("$[?search(@.t, 1) || match(1, '1')].n", "")]
    public void A_pattern_may_come_from_the_document(string path, string selected)
    {
        // Each another pattern; then one that is none, one too long, half a pair on either side, and no string.
        var json = Encoding.UTF8.GetBytes($$"""
            [{"n":1,"t":"ab","p":"a."},{"n":2,"t":"ab","p":"a"},{"n":3,"t":"a\u0062","p":"\u0061b"},{"n":4,"t":"ab","p":"(ab"},
             {"n":5,"t":"ab","p":"ab|{{new string('x', 4000)}}"},{"n":6,"t":"\ud800","p":"."},{"n":7,"t":"ab","p":".|\ud800"},{"n":8,"t":"ab","p":1}]
            """);
        var tape = new JsonTape();
        Assert.True(tape.TryRead(json, out var root), tape.Error);
        Assert.True(JsonPath.TryParse(path, out var parsed, out var error), error);
        var values = new List<string>();
        foreach (var node in parsed.Select(root))
        {
            values.Add(Encoding.UTF8.GetString(node.Raw));
        }

        Assert.Equal(selected, string.Join(' ', values));
    }

    [Fact]
    public void Large_patterns_are_refused()
    {
        string[] patterns = ["a{99999999999}", "a{5000}", "((((a{9}){9}){9}){9}){9}", new string('(', 65) + new string(')', 65), new string('a', 1025)];
        foreach (var pattern in patterns)
        {
            Assert.Null(IRegexp.Compile(pattern, isEntire: true, out var fault));
            Assert.Equal(IRegexpFault.TooLarge, fault);
        }
    }

    [Fact]
    public void Categories_are_those_of_the_framework()
    {
        foreach (var name in new[] { "L", "Lu", "Nd", "P", "S", "Z", "M", "Cf", "Cn" })
        {
            var ours = IRegexp.Compile($"\\p{{{name}}}", isEntire: true, out _)!;
            var theirs = new System.Text.RegularExpressions.Regex($"^\\p{{{name}}}\\z");
            for (var c = '\0'; c < '\uffff'; c++)
            {
                Assert.True(char.IsSurrogate(c) || ours.IsMatch(Encoding.UTF8.GetBytes([c])) == theirs.IsMatch(c.ToString()), $"{name} {(int)c:x4}");
            }
        }
    }
}
