using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>
/// The load generator, a process of its own. It connects its listeners and says so; then it answers each line on standard input:
/// <c>mark</c> with what it saw since the last mark, <c>stop</c> and <c>read</c> when the second group has stopped reading or
/// reads again.
/// </summary>
internal sealed partial class LoadGenerator : Clients
{
    public const string Verb = "fanout-load";

    /// <summary>Connections under way at once; a web server's queue of those it has not accepted holds 512.</summary>
    private const int MostConnecting = 200;

    private static readonly byte[] SignalRHandshake = Wire.Frame(Wire.Text, "{\"protocol\":\"json\",\"version\":1}\u001e"u8);
    private static readonly byte[] SignalRPing = Wire.Frame(Wire.Text, "{\"type\":6}\u001e"u8);

    private readonly LoadSpec spec;
    private readonly Connection[] listeners;
    private readonly ListenerGroup first = new();
    private readonly ListenerGroup second = new();
    private readonly byte[][] subscriptions;
    private readonly Dictionary<string, int> ends = [];
    private int begun;
    private int settled;
    private bool isReady;
    private bool ended;
    private string? error;

    private LoadGenerator(LoadSpec spec)
        : base(spec.Port, spec.Path)
    {
        this.spec = spec;
        subscriptions = [.. Enumerable.Range(0, spec.Dialect == Dialect.Hub ? spec.Channels : 0).Select(Wire.Subscribe)];
        listeners = [.. Enumerable.Range(0, spec.Listeners).Select(i => new Connection(i)
        {
            Group = i < spec.Listeners - spec.Second ? first : second,
            Offsets = new long[spec.PerListener],
        })];
    }

    public static int Run(string spec)
    {
        var generator = new LoadGenerator(JsonSerializer.Deserialize<LoadSpec>(spec)!);
        generator.WatchInput(0);
        while (!generator.ended)
        {
            generator.ConnectSome();
            generator.Poll(100);
        }

        return 0;
    }

    protected override void OnOpen(Connection client)
    {
        switch (spec.Dialect)
        {
            case Dialect.Plain:
                settled++;
                break;
            case Dialect.SignalR:
                Send(client, SignalRHandshake);
                break;
            case Dialect.Hub:
                for (var i = 0; i < spec.PerListener; i++)
                {
                    Send(client, subscriptions[(client.Number + i) % spec.Channels]);
                }

                break;
        }
    }

    protected override void OnText(Connection client, ReadOnlySpan<byte> text)
    {
        var group = client.Group!;
        var isUpdate = false;
        for (var left = text; left.IndexOf("\"t\":"u8) is >= 0 and var at;)
        {
            left = left[(at + 4)..];
            isUpdate = Utf8Parser.TryParse(left, out long sent, out _);
            group.Delivered(client, sent, Now);
        }

        if (!isUpdate)
        {
            Control(client, text);
        }
        else if (spec.Dialect == Dialect.Hub)
        {
            var channel = NumberAfter("\"channel\":\"c:"u8, text);
            var offset = NumberAfter("\"offset\":"u8, text);
            group.Follow(ref client.Offsets[(channel + spec.Channels - (client.Number % spec.Channels)) % spec.Channels], offset);
        }
    }

    protected override void OnEnd(Connection client, string how)
    {
        ends[how] = ends.GetValueOrDefault(how) + 1;
        if (!isReady)
        {
            settled++;
        }
        else if (returns && client.Group == second)
        {
            Return(client);
        }
    }

    private static long NumberAfter(ReadOnlySpan<byte> marker, ReadOnlySpan<byte> text) =>
        text.IndexOf(marker) is >= 0 and var at && Utf8Parser.TryParse(text[(at + marker.Length)..], out long number, out _)
            ? number
            : throw new InvalidOperationException($"Not an update of the hub: {Encoding.UTF8.GetString(text)}");

    private void Control(Connection client, ReadOnlySpan<byte> text)
    {
        if (spec.Dialect == Dialect.SignalR)
        {
            if (client.Subscribed++ == 0)
            {
                settled++;
            }
            else if (text.StartsWith("{\"type\":6"u8))
            {
                Send(client, SignalRPing);
            }
        }
        else if (text.StartsWith("{\"type\":\"subscribed\""u8))
        {
            settled += ++client.Subscribed == spec.PerListener && !isReady ? 1 : 0;
        }
        else if (text.StartsWith("{\"type\":\"lagging\""u8))
        {
            client.Group!.Lagging++;
        }
        else if (text.StartsWith("{\"type\":\"error\""u8))
        {
            error ??= Encoding.UTF8.GetString(text);
        }
    }

    private void ConnectSome()
    {
        while (begun < listeners.Length && begun - settled < MostConnecting)
        {
            Connect(listeners[begun++]);
        }

        if (!isReady && settled >= listeners.Length)
        {
            isReady = true;
            Console.WriteLine(JsonSerializer.Serialize(Mark()));
        }
    }
}
