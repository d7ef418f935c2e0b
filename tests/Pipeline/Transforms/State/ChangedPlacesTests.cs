using CsCheck;
using StreamEngine.Pipeline.Transforms.State;

namespace StreamEngine.Pipeline.Tests.Transforms.State;

public class ChangedPlacesTests
{
    [Fact]
    public void Those_needed_together_hold_every_place_as_it_was() =>
        Gen.Select(Gen.Int[1, 700], Gen.Select(Gen.Int[0, 999].List[0, 40], Gen.Int[0, 9]).List[1, 60]).Sample((places, rounds) =>
        {
            var changes = new ChangedPlaces();
            var table = new int[places];
            var kept = new List<(long Number, Dictionary<int, int> Held)>();
            foreach (var ((marks, kind), number) in rounds.Select((round, i) => (round, i + 1L)))
            {
                foreach (var place in marks.Select(mark => mark % places))
                {
                    table[place]++;
                    changes.Mark(place);
                }

                if (kind == 9)
                {
                    changes.MarkAll();
                }

                var from = changes.Select(number, kept.Count == 0 ? 0 : kept[^1].Number, places);
                var held = Enumerable.Range(0, places).Where(p => changes.Selected is not { } bits || ((bits[p / 64] >> p) & 1) != 0).ToDictionary(p => p, p => table[p]);
                if (kind < 3)
                {
                    // It could not be kept.
                    continue;
                }

                kept.Add((number, held));
                var chain = kept.SkipWhile(k => k.Number < from).ToList();
                Assert.Equal(from, chain[0].Number);
                for (var place = 0; place < places; place++)
                {
                    Assert.Equal(table[place], chain.Last(k => k.Held.ContainsKey(place)).Held[place]);
                }
            }
        }, iter: 1000);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(4_000)]
    [InlineData(30_000)]
    public void Chain_is_bounded_in_length_and_size(int perRound)
    {
        const int Places = 1 << 16;
        var random = new Random(perRound);
        var changes = new ChangedPlaces();
        var sizes = new Dictionary<long, int>();
        for (var number = 1L; number <= 1000; number++)
        {
            for (var i = 0; i < perRound; i++)
            {
                changes.Mark(random.Next(Places));
            }

            var from = changes.Select(number, number - 1, Places);
            sizes[number] = changes.Selected?.Sum(w => System.Numerics.BitOperations.PopCount(w)) ?? Places;
            Assert.True(number == 1 || perRound == 30_000 || sizes[number] <= (3 * perRound) + (Places / ChangedPlaces.Longest) + 1, $"{sizes[number]} places");
            Assert.InRange(number - from, 0, ChangedPlaces.Longest);
            Assert.InRange(sizes.Where(s => s.Key >= from).Sum(s => s.Value), 0, Places * 5 / 2);
        }
    }
}
