using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using StreamEngine.Sinks.WebSockets;

namespace StreamEngine.Sinks.Tests.WebSocket;

public sealed class ListenerQueueTests
{
    private readonly FakeTimeProvider time = new();
    private readonly ListenerMemory memory = new(1 << 20);
    private readonly HubChannel a = new("a", 0);
    private readonly HubChannel b = new("b", 0);

    [Fact]
    public void Up_to_its_capacity_it_is_a_plain_queue()
    {
        var queue = new ListenerQueue(3, time, memory, () => { });
        queue.Update(Frame.Update(a, 1, "1"u8));
        queue.Update(Frame.Update(a, 2, "1"u8));
        queue.Add(Frame.Pong);
        Assert.Equal(["a1", "a2", "{\"type\":\"pong\"}"], Take(queue));
    }

    [Fact]
    public void Past_it_the_latest_of_each_channel_is_kept_and_answers_keep_their_place()
    {
        var queue = new ListenerQueue(3, time, memory, () => { });
        queue.Update(Frame.Update(a, 1, "1"u8));
        queue.Add(Frame.Pong);
        queue.Update(Frame.Update(a, 2, "1"u8));
        queue.Update(Frame.Update(b, 1, "1"u8));
        queue.Update(Frame.Update(a, 3, "1"u8));
        Assert.True(queue.Lagging);
        Assert.Equal(["{\"type\":\"lagging\",\"conflated\":2}", "a3", "{\"type\":\"pong\"}", "b1"], Take(queue));
        Assert.False(queue.Lagging);
        queue.Update(Frame.Update(a, 4, "1"u8));
        queue.Update(Frame.Update(a, 5, "1"u8));
        Assert.Equal(["a4", "a5"], Take(queue));
        Assert.Equal(2, queue.Conflated);
    }

    [Fact]
    public void While_memory_is_full_a_few_wait_as_ever_and_past_those_the_latest_of_channels_that_wait()
    {
        var queue = new ListenerQueue(1000, time, memory, () => { });
        memory.MaxBytes = 0;
        for (var i = 1; i <= ListenerQueue.Few; i++)
        {
            Assert.Equal(Intake.Taken, queue.Update(Frame.Update(a, i, "1"u8)));
        }

        Assert.False(queue.Lagging);
        Assert.Equal(Intake.Taken, queue.Update(Frame.Update(a, 100, "1"u8)));
        Assert.Equal(Intake.Taken, queue.Update(Frame.Update(b, 1, "1"u8)));
        Assert.Equal(["{\"type\":\"lagging\",\"conflated\":16}", "a100", "b1"], Take(queue));
        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void While_memory_is_full_one_that_needs_many_places_is_given_up()
    {
        var queue = new ListenerQueue(1000, time, memory, () => { });
        memory.MaxBytes = 0;
        var refused = Enumerable.Range(0, 100).Where(i => queue.Update(Frame.Update(new HubChannel("c" + i, 0), 1, "1"u8)) == Intake.NoMemory).ToList();
        Assert.Equal(Enumerable.Range(ListenerQueue.Few, 100 - ListenerQueue.Few), refused);
        queue.Add(Frame.Pong);
        queue.DropUpdates();
        Assert.Equal(["{\"type\":\"pong\"}"], Take(queue));
        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void A_frame_that_waits_for_many_counts_once()
    {
        var frame = Frame.Update(a, 1, Encoding.UTF8.GetBytes($"\"{new string('x', 10_000)}\""));
        var queues = Enumerable.Range(0, 5).Select(_ => new ListenerQueue(10, time, memory, () => { })).ToList();
        queues.ForEach(q => q.Update(frame));
        Assert.Equal(frame.Weight + (5 * ListenerMemory.Place), memory.Bytes);
        queues[0].Abandon();
        Assert.Single(Take(queues[1]));
        Assert.Equal(frame.Weight + (3 * ListenerMemory.Place), memory.Bytes);
        queues.ForEach(q => q.Abandon());
        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void A_snapshot_comes_after_its_answer_even_when_the_channel_waited_before()
    {
        var queue = new ListenerQueue(1, time, memory, () => { });
        queue.Update(Frame.Update(a, 1, "1"u8));
        queue.Update(Frame.Update(b, 1, "1"u8));
        queue.Add(Frame.Pong);
        queue.Snapshot(Frame.Update(a, 1, "1"u8));
        queue.Update(Frame.Update(a, 2, "1"u8));
        Assert.Equal(["{\"type\":\"lagging\",\"conflated\":1}", "b1", "{\"type\":\"pong\"}", "a2"], Take(queue));
    }

    [Fact]
    public void However_often_a_slow_listener_subscribes_its_memory_is_bounded_by_the_channels()
    {
        var queue = new ListenerQueue(1, time, memory, () => { });
        var channels = Enumerable.Range(0, 100).Select(i => new HubChannel("c" + i, 0)).ToList();
        for (var i = 0; i < 60; i++)
        {
            queue.Add(Frame.Pong);
            channels.ForEach(c => queue.Snapshot(Frame.Update(c, 1, "1"u8)));
        }

        Assert.InRange(queue.Waiting, 160, 400);
        Assert.Equal([.. Enumerable.Repeat("{\"type\":\"pong\"}", 60), .. channels.Select(c => c.Name + "1")], Take(queue));
    }

    [Fact]
    public async Task After_the_end_nothing_is_taken_in_and_waiting_ends()
    {
        var queue = new ListenerQueue(10, time, memory, () => { });
        for (var i = 0; i < 65; i++)
        {
            queue.Add(Frame.Pong);
        }

        var room = queue.RoomAsync();
        Assert.False(room.IsCompleted);
        Assert.True(queue.End(Frame.Bye(4200, 1), Frame.Ending(CloseCode.Restart, "")));
        Assert.False(queue.End(null, Frame.Ending(CloseCode.Restart, "")));
        queue.Update(Frame.Update(a, 1, "1"u8));
        Assert.Equal(66, Take(queue).Count);
        await room;
    }

    [Fact]
    public void Events_keep_their_places_and_past_the_capacity_there_is_no_way_but_to_cut_off()
    {
        var queue = new ListenerQueue(3, time, memory, () => { });
        var plays = new HubChannel("plays", 0, isEvent: true);
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(Intake.Taken, queue.Update(Frame.Update(plays, i, "1"u8, publishedAt: 1)));
        }

        queue.Update(Frame.Update(a, 1, "1"u8, publishedAt: 1));
        queue.Update(Frame.Update(a, 2, "1"u8, publishedAt: 1));
        Assert.Equal(Intake.Taken, queue.Update(Frame.Update(plays, 4, "1"u8, publishedAt: 1)));
        time.Advance(ListenerQueue.Patience - TimeSpan.FromMilliseconds(1));
        Assert.Equal(Intake.Taken, queue.Update(Frame.Update(plays, 5, "1"u8, publishedAt: 1)));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(Intake.TooFarBehind, queue.Update(Frame.Update(plays, 6, "1"u8, publishedAt: 1)));

        // However much was missed is sent to one that comes back.
        for (var i = 10; i < 20; i++)
        {
            Assert.Equal(Intake.Taken, queue.Snapshot(Frame.Update(plays, i, "1"u8)));
        }

        Assert.Equal(["{\"type\":\"lagging\",\"conflated\":1}", "plays1", "plays2", "plays3", "a2", "plays4", "plays5", .. Enumerable.Range(10, 10).Select(i => "plays" + i)], Take(queue));
        for (var i = 21; i < 30; i++)
        {
            Assert.Equal(Intake.Taken, queue.Update(Frame.Update(plays, i, "1"u8, publishedAt: 1)));
        }

        Assert.Equal(9, Take(queue).Count);
        Assert.Equal(0, memory.Bytes);
    }

    [Fact]
    public void While_it_is_held_nothing_is_asked_for()
    {
        var asked = 0;
        var queue = new ListenerQueue(3, time, memory, () => asked++);
        Assert.True(queue.Hold());
        queue.Add(Frame.Pong);
        Assert.Equal(0, asked);
        Assert.True(queue.Release());
        Assert.False(queue.Release());
        queue.Add(Frame.Pong);
        Assert.Equal(1, asked);
        Assert.False(queue.Hold());
        queue.Drain(new SendBuffer(time), null);
        queue.Add(Frame.Pong);
        Assert.Equal(1, asked);
        queue.Written();
        Assert.Equal(2, asked);
    }

    [Fact]
    public void Whatever_the_order_of_adding_and_taking_the_last_value_of_each_channel_arrives_and_none_goes_back()
    {
        var steps = Gen.Int[-1, 5].Array[1, 300];
        Gen.Select(Gen.Int[1, 10], steps).Sample(
            (capacity, moves) =>
            {
                var own = new ListenerMemory(1 << 20);
                var queue = new ListenerQueue(capacity, time, own, () => { });
                var channels = Enumerable.Range(0, 6).Select(i => new HubChannel("c" + i, 0)).ToArray();
                var seen = new long[6];
                var missed = 0L;
                void TakeAll()
                {
                    foreach (var taken in Take(queue).Where(t => t[0] == 'c'))
                    {
                        var (c, offset) = (taken[1] - '0', long.Parse(taken[2..], CultureInfo.InvariantCulture));
                        Assert.True(offset > seen[c]);
                        missed += offset - seen[c] - 1;
                        seen[c] = offset;
                    }
                }

                foreach (var move in moves)
                {
                    if (move < 0)
                    {
                        TakeAll();
                    }
                    else
                    {
                        channels[move].Update("1"u8, channels[move].Offset + 1, 1);
                        queue.Update(channels[move].Last);
                    }
                }

                TakeAll();

                Assert.Equal(channels.Select(c => c.Offset), seen);
                Assert.Equal(queue.Conflated, missed);
                Assert.Equal(0, own.Bytes);
            },
            iter: 500);
    }

    private List<string> Take(ListenerQueue queue)
    {
        var buffer = new SendBuffer(time);
        queue.Drain(buffer, null);
        queue.Written();
        var taken = new List<string>();
        var wire = buffer.Written;
        while (wire.Length > 0)
        {
            var head = wire[1] < 126 ? 2 : 4;
            var length = wire[1] < 126 ? wire[1] : (wire[2] << 8) | wire[3];
            if (wire[0] == 0x81)
            {
                var json = JsonElement.Parse(wire.Slice(head, length));
                taken.Add(json.TryGetProperty("channel", out var channel) ? $"{channel}{json.GetProperty("offset")}" : json.ToString());
            }

            wire = wire[(head + length)..];
        }

        return taken;
    }
}
