using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>What a storm does.</summary>
/// <param name="Port">The server's port on the loopback address.</param>
/// <param name="Path">Where the WebSocket is.</param>
/// <param name="PerSecond">Connects per second, due whatever becomes of those before.</param>
/// <param name="Seconds">For how long.</param>
internal sealed record StormSpec(int Port, string Path, int PerSecond, double Seconds);

/// <summary>What became of a storm.</summary>
/// <param name="Seconds">How long it took to begin all connections.</param>
/// <param name="Outcomes">How connections went, and how many so.</param>
/// <param name="Subscribing">From the begin of a connection to the answer of its subscription.</param>
internal sealed record StormResult(double Seconds, IReadOnlyDictionary<string, int> Outcomes, Spread Subscribing);

/// <summary>
/// Connections that come, subscribe and leave, in a process of its own: every other one says goodbye with a close frame and
/// waits for the server's, the others just break off.
/// </summary>
internal sealed class Storm(StormSpec spec) : Clients(spec.Port, spec.Path)
{
    public const string Verb = "fanout-storm";

    public const string Goodbye = "subscribed, said goodbye";
    public const string BrokeOff = "subscribed, broke off";
    public const string Unanswered = "no answer within 10 s";
    public const string NotBegun = "not begun, too many under way";

    private const int Patience = 10_000_000;
    private const int MostUnderWay = 12_000;

    private static readonly byte[] Subscribe = Wire.Subscribe(0);
    private static readonly byte[] Close = Wire.Frame(Wire.Close, [1000 >> 8, 1000 & 255]);

    private readonly Dictionary<string, int> outcomes = [];
    private readonly Histogram subscribing = new();
    private readonly Queue<Connection> underWay = new();

    public static int Run(string spec)
    {
        Console.WriteLine(JsonSerializer.Serialize(new Storm(JsonSerializer.Deserialize<StormSpec>(spec)!).Rage()));
        return 0;
    }

    protected override void OnOpen(Connection client) => Send(client, Subscribe);

    protected override void OnText(Connection client, ReadOnlySpan<byte> text)
    {
        if (client.State == ConnectionState.Open && text.StartsWith("{\"type\":\"subscribed\""u8))
        {
            subscribing.Add(Now - client.Began);
            client.State = ConnectionState.Leaving;
            client.Subscribed++;
            if (client.Number % 2 == 0)
            {
                Send(client, Close);
            }
            else
            {
                End(client, BrokeOff);
            }
        }
    }

    protected override void OnEnd(Connection client, string how)
    {
        var outcome = client.Subscribed == 0 || how == BrokeOff ? how : how == "close 1000" ? Goodbye : "subscribed, then " + how;
        outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
    }

    private StormResult Rage()
    {
        var began = Clock();
        var (due, all) = (0, (int)(spec.PerSecond * spec.Seconds));
        var took = 0.0;
        while (due < all || underWay.Count > 0)
        {
            var now = Clock();
            for (var until = Math.Min(all, (int)((now - began) * spec.PerSecond / 1_000_000)); due < until; due++)
            {
                Begin(due);
                took = (Clock() - began) / 1e6;
            }

            while (underWay.TryPeek(out var oldest) && (oldest.State == ConnectionState.Ended || now - oldest.Began > Patience))
            {
                underWay.Dequeue();
                End(oldest, Unanswered);
            }

            Poll(1);
        }

        return new StormResult(took, outcomes, subscribing.Spread);
    }

    private void Begin(int number)
    {
        var client = new Connection(number);
        if (underWay.Count >= MostUnderWay)
        {
            OnEnd(client, NotBegun);
            return;
        }

        underWay.Enqueue(client);
        Connect(client);
    }
}
