using System.Text;
using CsCheck;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Tests.Mapping;

public class MemberTrieTests
{
    private static readonly Gen<string> Name = Gen.OneOf(
        Gen.OneOf("a", "b", "ab", "batting", "pitching", "inningsPitched", "inningsPlayed!", "eightlet", "a\u00e9", ""),
        Gen.Select(Gen.OneOf("commonStart", "otherStart!"), Gen.Char['a', 'e'], (s, c) => $"{s}{c}CommonEnd"));

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, value) => depth > 3
        ? Gen.OneOf("1", "null", "\"x\"", "[]")
        : Gen.Frequency(
            (1, Gen.OneOf("1", "null", "[{\"a\":1}]")),
            (4, Gen.Select(Gen.Select(Name, Gen.Bool, value, (n, escaped, v) => $"\"{(escaped && n.Length > 0 ? $"\\u{(int)n[0]:x4}{n[1..]}" : n)}\":{v}").Array[0, 6], m => $"{{{string.Join(",", m)}}}"))));

    private static readonly Gen<string> Path = Name.Array[1, 3].Select(names => string.Concat(names.Select(n => $"['{n}']")));

    [Fact]
    public void One_walk_finds_what_each_path_finds_alone() => Gen.Select(Json, Path.Array[1, 12], Gen.Int[0, 100]).Sample((json, texts, behind) =>
    {
        var paths = new PathSet(0);
        var bound = texts.Select(t => paths.Add(MappingPath.TryParse(t, out var path, out var error) ? path : throw new ArgumentException(error))).ToList();
        var trie = Assert.Single(paths.Compile());
        var bytes = Encoding.UTF8.GetBytes(json + new string(' ', behind));
        var tape = new JsonTape();
        Assert.True(tape.Read(bytes, 0, bytes.Length), tape.Error);
        var found = new JsonToken[paths.Count];
        found.AsSpan().Fill(new JsonToken { Meta = (uint)JsonKind.True });
        trie!.Find(tape, bytes, 0, found);
        foreach (var path in bound)
        {
            var alone = path.Path.First(tape, bytes, 0, 0);
            Assert.Equal(alone < 0 ? default : tape.Tokens[alone], found[path.Slot]);
        }
    }, iter: 5_000);

    [Fact]
    public void Paths_are_found_at_the_level_they_start_from()
    {
        var paths = new PathSet(2);
        var bound = new[] { "a", "$.a", "^.a", "^^.b", "a[0]", "*", "@key", "$", "^", "a" }.Select(t => paths.Add(MappingPath.TryParse(t, out var path, out _) ? path : throw new ArgumentException(t))).ToList();
        var tries = paths.Compile();
        Assert.All(tries, Assert.NotNull);
        Assert.Equal(4, paths.Count);
        Assert.Equal([true, true, true, true, false, false, false, false, false, true], bound.Select(b => b.Slot >= 0));
        Assert.Same(bound[0], bound[^1]);
    }
}
