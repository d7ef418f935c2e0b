using CsCheck;
using StreamEngine.Pipeline.Transforms.Deduplicate;

namespace StreamEngine.Pipeline.Tests.Transforms.Deduplicate;

public class SeenTableTests
{
    private const long Unit = 10;
    private const long Window = 4096 * Unit;

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(100_000)]
    public void Takes_24_bytes_a_key_and_holds_every_one_up_to_the_bound(int keys)
    {
        var table = new SeenTable(keys, Window);
        for (var i = 0; i < keys; i++)
        {
            table.Add(Hash(i), (ulong)i, i);
        }

        Assert.Equal((keys, 0), (table.Count, table.Evicted));
        Assert.InRange(table.Bytes, 1, 24L * keys);
        for (var i = 0; i < keys; i++)
        {
            var position = table.Find(Hash(i));
            Assert.True(position >= 0);
            Assert.True(table.IsBefore(i - 1, position) && !table.IsBefore(i, position));
            Assert.True(table.Replace(position, (ulong)i, i));
        }
    }

    [Fact]
    public void Memory_grows_with_the_keys()
    {
        var table = new SeenTable(100_000_000, Window);
        Assert.InRange(table.Bytes, 1, 100_000);
        for (var i = 0; i < 50_000; i++)
        {
            table.Add(Hash(i), 0, 0);
        }

        Assert.InRange(table.Bytes, 50_000 * 20, 50_000 * 49);
    }

    [Fact]
    public void Below_the_bound_it_is_a_dictionary_that_forgets_within_a_4096th_of_the_window() =>
        Gen.Select(Gen.Select(Gen.Int[0, 300], Gen.Int[0, 3], Gen.Int[0, 40], Gen.Int[0, 3]).Array[1, 3000], Gen.Long[1, 20_000]).Sample((events, longest) =>
        {
            var table = new SeenTable(301, Window);
            var model = new Dictionary<int, (ulong Content, long Sequence, long Time)>();
            var now = TestBatch.Start;
            var sequence = 0L;
            foreach (var (key, content, jump, kind) in events)
            {
                now += jump == 40 ? longest : jump;
                table.Advance(now);
                var position = table.Find(Hash(key));
                if (model.TryGetValue(key, out var known))
                {
                    var age = now - known.Time;
                    Assert.False(position < 0 && age <= Window);
                    Assert.False(position >= 0 && age > Window + Unit);
                }
                else
                {
                    Assert.True(position < 0);
                }

                sequence++;
                if (position < 0)
                {
                    table.Add(Hash(key), (ulong)content, sequence);
                }
                else if (kind == 0)
                {
                    table.Touch(position);
                    model[key] = known with { Time = now };
                    continue;
                }
                else
                {
                    Assert.True(table.IsBefore(known.Sequence - 1, position) && !table.IsBefore(known.Sequence, position));
                    Assert.Equal(known.Content == (ulong)content, table.Replace(position, (ulong)content, sequence));
                }

                model[key] = ((ulong)content, sequence, now);
            }

            Assert.Equal(0, table.Evicted);
        }, iter: 100);

    [Fact]
    public void At_the_bound_old_keys_leave_and_the_bound_holds()
    {
        const int Keys = 2000;
        var table = new SeenTable(Keys, Window);
        for (var i = 0; i < 10 * Keys; i++)
        {
            table.Advance(TestBatch.Start + i);
            table.Add(Hash(i), 0, i);
            Assert.True(table.Count <= Keys);
        }

        Assert.Equal(9 * Keys, table.Evicted);
        var newest = Enumerable.Range(9 * Keys, Keys).Count(i => table.Find(Hash(i)) >= 0);
        var newer = Enumerable.Range((int)(9.5 * Keys), Keys / 2).Count(i => table.Find(Hash(i)) >= 0);
        Assert.InRange(newest, 0.7 * Keys, Keys);
        Assert.InRange(newer, 0.9 * Keys / 2, Keys / 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Few_keys_leave_in_the_order_they_were_seen(int maxKeys)
    {
        var table = new SeenTable(maxKeys, Window);
        for (var i = 0; i < 100; i++)
        {
            table.Advance(TestBatch.Start + (i * Unit));
            table.Add(Hash(i), 0, i);
            Assert.Equal(Math.Min(i + 1, maxKeys), Enumerable.Range(0, i + 1).Count(k => table.Find(Hash(k)) >= 0));
            Assert.True(table.Find(Hash(Math.Max(0, i - maxKeys + 1))) >= 0);
        }
    }

    [Fact]
    public void What_has_expired_is_swept_before_its_time_can_come_round_again()
    {
        var table = new SeenTable(10_000, Window);
        table.Advance(TestBatch.Start);
        for (var i = 0; i < 5000; i++)
        {
            table.Add(Hash(i), 0, 0);
        }

        // One key keeps the table from being idle for a window, while the 16 bits of time run over.
        for (var time = 0L; time < 20 * Window; time += Window / 3)
        {
            table.Advance(TestBatch.Start + time);
            if (table.Find(Hash(-1)) is >= 0 and var position)
            {
                table.Touch(position);
            }
            else
            {
                table.Add(Hash(-1), 0, 0);
            }

            if (time > 1.5 * Window)
            {
                Assert.Equal(1, table.Count);
            }
        }
    }

    [Fact]
    public void After_a_window_without_a_word_all_is_forgotten_and_a_clock_set_back_forgets_nothing()
    {
        var table = new SeenTable(100, Window);
        table.Advance(TestBatch.Start);
        table.Add(Hash(1), 0, 0);
        table.Advance(TestBatch.Start - (100 * Window));
        Assert.True(table.Find(Hash(1)) >= 0);
        table.Advance(TestBatch.Start + (65536 * Unit));
        Assert.Equal((-1, 0), (table.Find(Hash(1)), table.Count));
    }

    [Fact]
    public void Sequences_may_be_line_numbers_or_microseconds()
    {
        var table = new SeenTable(100, Window);
        var micros = (TestBatch.Start - DateTime.UnixEpoch.Ticks) / 10;
        table.Add(Hash(1), 0, micros);
        var position = table.Find(Hash(1));
        Assert.True(table.IsBefore(micros - 1, position));
        Assert.False(table.IsBefore(micros, position));
        Assert.False(table.IsBefore(micros + (1L << 46), position));
        Assert.True(table.IsBefore(micros - (1L << 46), position));
    }

    private static ulong Hash(int key)
    {
        // SplitMix64.
        var hash = (ulong)key * 0x9E37_79B9_7F4A_7C15;
        hash = (hash ^ (hash >> 30)) * 0xBF58_476D_1CE4_E5B9;
        hash = (hash ^ (hash >> 27)) * 0x94D0_49BB_1331_11EB;
        return hash ^ (hash >> 31);
    }
}
