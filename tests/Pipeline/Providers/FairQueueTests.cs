using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Providers.Throttle;

namespace StreamEngine.Pipeline.Tests.Providers;

/// <summary>Who is served before whom, in the credits that are spent.</summary>
public sealed class FairQueueTests
{
    private const int Dearest = 5;

    private readonly FairQueue queue = new();

    [Fact]
    public void While_all_classes_wait_they_get_twelve_three_and_one_of_sixteen()
    {
        foreach (var of in Enum.GetValues<RequestClass>())
        {
            Add(of, "s", count: 2000);
        }

        var served = Serve(1600).GroupBy(c => c.Class).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal((1200, 300, 100), (served[RequestClass.OnDemand], served[RequestClass.Live], served[RequestClass.Reference]));
    }

    [Fact]
    public void Sources_of_a_class_take_turns_however_much_one_asks_and_by_what_they_spend()
    {
        Add(RequestClass.Live, "much", count: 500);
        Add(RequestClass.Live, "little", count: 5);
        Add(RequestClass.Live, "dear", count: 5, credits: 10);
        var served = Serve(60).ConvertAll(c => c.Source);
        Assert.InRange(served.LastIndexOf("little"), 0, 14);
        Assert.InRange(served.LastIndexOf("dear"), 40, 59);
        Assert.Equal(5, served.Count(s => s == "dear"));
    }

    [Fact]
    public void Who_asks_one_by_one_gets_its_part_and_not_more()
    {
        Add(RequestClass.Live, "much", count: 200);
        Add(RequestClass.Live, "single");
        var served = 0;
        for (var i = 0; i < 100; i++)
        {
            if (Serve(1)[0].Source == "single")
            {
                served++;
                Add(RequestClass.Live, "single");
            }
        }

        Assert.InRange(served, 49, 51);
    }

    [Fact]
    public void Who_was_chosen_is_not_overtaken_by_a_cheaper_one_of_its_class_or_a_lower_one()
    {
        Add(RequestClass.Live, "a", credits: 5);
        Serve(1);
        Add(RequestClass.Live, "a", credits: 5);
        Assert.Equal(5, queue.Choose()!.Call.Credits);
        Add(RequestClass.Live, "b");
        Add(RequestClass.Reference, "c");
        Assert.Equal("a", queue.Choose()!.Call.Source);
    }

    [Fact]
    public void A_dear_one_of_the_lowest_class_gets_its_turn_while_on_demand_never_ends()
    {
        Add(RequestClass.Reference, "dear", credits: 50);
        var before = 0;
        for (; before < 100; before++)
        {
            Add(RequestClass.OnDemand, "s");
            if (Serve(1)[0].Class == RequestClass.Reference)
            {
                break;
            }
        }

        Assert.InRange(before, 1, 13);
    }

    [Fact]
    public void Who_waits_no_longer_keeps_no_memory()
    {
        Add(RequestClass.Live, "stays", count: 100);
        for (var i = 0; i < 20; i++)
        {
            Add(RequestClass.Live, $"s{i}");
            queue.Remove(Add(RequestClass.Live, $"gone{i}"));
        }

        Assert.Equal(21, queue.Flows);
        Serve(23);
        Assert.Equal((97, 1), (queue.Count, queue.Flows));
        Serve(97);
        Assert.Equal((0, 0), (queue.Count, queue.Flows));
    }

    [Fact]
    public void In_a_full_queue_each_class_has_its_part_of_the_places()
    {
        Add(RequestClass.OnDemand, "s", count: 16);
        foreach (var of in (RequestClass[])[RequestClass.Reference, RequestClass.Live, RequestClass.Live, RequestClass.Live])
        {
            Assert.Equal(RequestClass.OnDemand, Displace(of)?.Call.Class);
            Add(of, "s");
        }

        Assert.All(Enum.GetValues<RequestClass>(), of => Assert.Null(Displace(of)));
        Assert.Equal((12, 3, 1), Waiting());
    }

    [Fact]
    public void What_waits_in_a_full_queue_beyond_its_part_makes_room_for_the_higher_class()
    {
        var last = Add(RequestClass.Reference, "s", count: 16);
        Assert.Null(Displace(RequestClass.Reference));
        Assert.Same(last, Displace(RequestClass.Live));
        Add(RequestClass.Live, "s");
        while (Displace(RequestClass.OnDemand) is { } displaced)
        {
            Assert.Equal(RequestClass.Reference, displaced.Call.Class);
            Add(RequestClass.OnDemand, "s");
        }

        Assert.Equal((14, 1, 1), Waiting());
        Assert.Equal(RequestClass.OnDemand, Displace(RequestClass.Live)?.Call.Class);
    }

    [Fact]
    public void Of_few_places_each_class_has_one_and_of_fewer_the_higher_ones_take_all()
    {
        Add(RequestClass.OnDemand, "s", count: 3);
        Assert.Equal(RequestClass.OnDemand, Displace(RequestClass.Reference, places: 3)?.Call.Class);
        Assert.Null(Displace(RequestClass.Reference, places: 2));
        Assert.Null(Displace(RequestClass.Live, places: 2));
        Serve(1);
        var reference = Add(RequestClass.Reference, "s");
        Assert.Same(reference, Displace(RequestClass.Live, places: 2));
    }

    [Fact]
    public void In_a_full_queue_a_source_makes_room_for_another_of_its_class_that_has_less()
    {
        var last = Add(RequestClass.Live, "much", count: 3);
        Assert.Null(queue.Displace(new GateCall("much") { Class = RequestClass.Live }, places: 3));
        Assert.Same(last, queue.Displace(new GateCall("little") { Class = RequestClass.Live }, places: 3));
        Add(RequestClass.Live, "little");
        Assert.Null(queue.Displace(new GateCall("little") { Class = RequestClass.Live }, places: 3));
    }

    /// <summary>
    /// Over any time in which two both wait, what they spend, times their strides, differs by at most the dearest request of each, times their
    /// strides. Of it follows that whoever waits gets its turn: while a source of the lowest class is next there, at most 13 + 4 of the dearest
    /// requests are spent on others.
    /// </summary>
    [Fact]
    public void Whatever_comes_and_goes_nobody_who_waits_falls_behind_by_more_than_the_dearest_requests()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var chance = new Random(seed);
            var world = new FairQueue();
            var waiting = new List<Waiter>();
            var spread = new Dictionary<(string, string), Spread>();
            var overtaken = 0L;
            for (var step = 0; step < 600; step++)
            {
                if (chance.Next(100) < (step / 50 % 3 == 0 ? 80 : 45))
                {
                    waiting.Add(world.Add(new GateCall($"s{chance.Next(3)}") { Class = (RequestClass)chance.Next(3), Credits = chance.Next(1, Dearest + 1) }));
                }
                else if (chance.Next(10) == 0 && waiting.Count > 0)
                {
                    Leave(waiting[chance.Next(waiting.Count)]);
                }
                else if (world.Choose() is { } next)
                {
                    Assert.Same(waiting.Find(w => (w.Call.Source, w.Call.Class) == (next.Call.Source, next.Call.Class)), next);
                    world.Serve(next);
                    waiting.Remove(next);
                    Spend(next.Call);
                }

                Forget();
            }

            void Leave(Waiter waiter)
            {
                Assert.True(world.Remove(waiter));
                Assert.False(world.Remove(waiter));
                waiting.Remove(waiter);
            }

            string[] Waiting() => [.. waiting.SelectMany(w => new[] { $"{w.Call.Class}", $"{w.Call.Class} {w.Call.Source}" }).Distinct()];

            // Only those that both wait, before and after, are compared.
            void Forget()
            {
                var both = Waiting();
                foreach (var pair in spread.Keys.Where(k => !both.Contains(k.Item1) || !both.Contains(k.Item2)).ToList())
                {
                    spread.Remove(pair);
                }

                foreach (var (a, b) in both.SelectMany(a => both.Select(b => (a, b))).Where(p => AreComparable(p.a, p.b)))
                {
                    spread.TryAdd((a, b), new Spread());
                }
            }

            void Spend(GateCall call)
            {
                foreach (var ((a, b), between) in spread)
                {
                    var (first, second) = (Stride(a), Stride(b));
                    between.Add(IsOf(call, a) ? call.Credits * first : IsOf(call, b) ? -call.Credits * second : 0);
                    Assert.True(between.Most <= Dearest * (first + second), $"seed {seed}: {a} and {b} differ by {between.Most}");
                }

                overtaken = call.Class == RequestClass.Reference || !waiting.Exists(w => w.Call.Class == RequestClass.Reference) ? 0 : overtaken + call.Credits;
                Assert.True(overtaken <= 17 * Dearest, $"seed {seed}: {overtaken} credits went before one of reference");
            }
        }
    }

    private static bool AreComparable(string a, string b) =>
        string.CompareOrdinal(a, b) < 0 && a.Contains(' ', StringComparison.Ordinal) == b.Contains(' ', StringComparison.Ordinal) && (!a.Contains(' ', StringComparison.Ordinal) || a.Split(' ')[0] == b.Split(' ')[0]);

    private static bool IsOf(GateCall call, string who) => who == $"{call.Class}" || who == $"{call.Class} {call.Source}";

    private static long Stride(string who) => who.Contains(' ', StringComparison.Ordinal) ? 1 : FairQueue.Strides[(int)Enum.Parse<RequestClass>(who)];

    private Waiter Add(RequestClass of, string source, int count = 1, int credits = 1)
    {
        Waiter? last = null;
        for (var i = 0; i < count; i++)
        {
            last = queue.Add(new GateCall(source) { Class = of, Credits = credits });
        }

        return last!;
    }

    private Waiter? Displace(RequestClass of, int places = 16) => queue.Displace(new GateCall("s") { Class = of }, places);

    private (int OnDemand, int Live, int Reference) Waiting() => (queue.CountOf(RequestClass.OnDemand), queue.CountOf(RequestClass.Live), queue.CountOf(RequestClass.Reference));

    private List<GateCall> Serve(int count)
    {
        var served = new List<GateCall>();
        for (var i = 0; i < count; i++)
        {
            var next = queue.Choose()!;
            queue.Serve(next);
            served.Add(next.Call);
        }

        return served;
    }

    /// <summary>By how much a running difference varies at most.</summary>
    private sealed class Spread
    {
        private long now;
        private long least;
        private long most;

        public long Most => most - least;

        public void Add(long by)
        {
            now += by;
            (least, most) = (Math.Min(least, now), Math.Max(most, now));
        }
    }
}
