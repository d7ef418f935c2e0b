using System.Net.WebSockets;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Mapping;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.WebSockets;

/// <summary>What is said on the connections, one after the other: subscribes, shows that somebody listens, reads, answers, hands on.</summary>
/// <param name="options">Valid options.</param>
/// <param name="context">The source's surroundings.</param>
/// <param name="logger">Where gaps are told.</param>
/// <param name="heard">Called for every message; with true for a payload.</param>
/// <param name="missed">Called when something may be missing, as soon as what comes next is subscribed to.</param>
internal sealed partial class Conversation(WebSocketSourceOptions options, BlockContext context, ILogger logger, Action<bool> heard, Action missed)
{
    private readonly MessageTemplate[] subscribe = [.. options.Subscribe.Select(m => new MessageTemplate(m))];
    private readonly MessageTemplate[] resume = [.. (options.Resume?.Send ?? []).Select(m => new MessageTemplate(m))];
    private readonly MessageTemplate[] heartbeat = options.Heartbeat is null ? [] : [new MessageTemplate(options.Heartbeat.Send)];
    private readonly (DocumentCondition When, MessageTemplate Send)[] replies = [.. options.Reply.Select(r => (Condition(r.When)!, new MessageTemplate(r.Send, isReply: true)))];
    private readonly DocumentCondition? when = Condition(options.When);
    private readonly DocumentCondition? refused = Condition(options.Resume?.Refused);
    private readonly SequenceWatch? watch = options.Sequence is null ? null : new SequenceWatch(options.Sequence);
    private readonly IncomingMessage message = new((int)options.MaxMessage.Bytes);
    private readonly MessageOutlet outlet = new(options, context);
    private readonly List<byte[]> answers = [];
    private bool isResumed;
    private bool isRefused;
    private bool isAgain;
    private bool hasGap;

    private string Token => watch?.Token ?? "";

    /// <summary>Goes on from a position.</summary>
    public void Restore(WebSocketPosition position)
    {
        outlet.Position = position;
        isAgain = position.Sequence > 0;
        watch?.Restore(position.Token);
    }

    /// <summary>Talks until the connection is lost or <paramref name="stop"/> is signalled.</summary>
    /// <exception cref="ConnectionLostException">It is lost, and why.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task RunAsync(WebSocketConnection connection, string origin, ISourceOutput output, CancellationToken stop)
    {
        message.Clear();
        watch?.BeginConnection();
        hasGap = isRefused = false;
        isResumed = resume.Length > 0 && Token.Length > 0;
        using var ended = new CancellationTokenSource(Timeout.InfiniteTimeSpan, context.Time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var others = GoodbyeAsync(connection, ended, stop, over.Token);
        try
        {
            await SendAsync(connection, isResumed ? resume : subscribe, ended.Token).ConfigureAwait(false);
            if (isAgain && !isResumed)
            {
                missed();
            }

            isAgain = true;
            others = Task.WhenAll(others, BeatAsync(connection, ended.Token));
            await ReadAsync(connection, origin, output, ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new ConnectionLostException($"nothing was heard for {options.Silence}", e, FailureClass.Timeout);
        }
        catch (Exception e) when (e is WebSocketException or IOException or InvalidOperationException)
        {
            throw new ConnectionLostException(connection.AbortReason ?? (e.InnerException ?? e).Message, e);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
            await others.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>When the source is stopped, the provider is told before the reading ends, or it would keep the session for a while.</summary>
    private async Task GoodbyeAsync(WebSocketConnection connection, CancellationTokenSource ended, CancellationToken stop, CancellationToken over)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stop.IsCancellationRequested)
        {
            await connection.CloseAsync().ConfigureAwait(false);
            await ended.CancelAsync().ConfigureAwait(false);
        }
    }

    private async Task SendAsync(WebSocketConnection connection, MessageTemplate[] messages, CancellationToken cancellationToken)
    {
        foreach (var template in messages)
        {
            await connection.SendAsync(template.At(context.Time.GetUtcNow(), Token), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task BeatAsync(WebSocketConnection connection, CancellationToken cancellationToken)
    {
        if (options.Heartbeat is not { Every: { } every })
        {
            return;
        }

        try
        {
            using var timer = new PeriodicTimer(every.Value, context.Time);
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                await SendAsync(connection, heartbeat, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ConnectionLostException e)
        {
            // Whoever reads finds out at once instead of after the silence.
            connection.Abort(e.Message);
        }
    }

    private async Task ReadAsync(WebSocketConnection connection, string origin, ISourceOutput output, CancellationTokenSource ended)
    {
        while (true)
        {
            // Silence counts only while somebody listens: not while the pipeline is full.
            ended.CancelAfter(options.Silence.Value);
            var received = await connection.ReceiveAsync(message.Free(), ended.Token).ConfigureAwait(false);
            ended.CancelAfter(Timeout.InfiniteTimeSpan);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                throw new ConnectionLostException(connection.CloseReason);
            }

            message.Add(received.Count);
            if (!received.EndOfMessage)
            {
                continue;
            }

            answers.Clear();
            var gap = default(Gap?);
            var verdict = message.IsTooLong ? Verdict.TooLong : Judge(out gap);
            heard(verdict == Verdict.Payload);
            if (gap is { } open && IsToFill(open) && resume.Length > 0)
            {
                throw new ConnectionLostException($"{open.Missing} messages are missing behind {open.Before}; they are asked for again");
            }

            watch?.Accept();
            await outlet.HandOnAsync(message, verdict, Token, origin, output, ended.Token).ConfigureAwait(false);
            message.Clear();
            foreach (var answer in answers)
            {
                await connection.SendAsync(answer, ended.Token).ConfigureAwait(false);
            }

            if (isRefused)
            {
                isRefused = false;
                missed();
            }

            if (gap is { } jump)
            {
                Tell(jump);
            }
        }
    }

    /// <summary>What a message is, what it is answered, and what is missing in front of it.</summary>
    private Verdict Judge(out Gap? gap)
    {
        gap = null;
        if ((when is null && watch is null && refused is null && replies.Length == 0) || !message.TryRead(out var value))
        {
            return Verdict.Payload;
        }

        var now = context.Time.GetUtcNow();
        foreach (var (condition, answer) in replies)
        {
            if (condition.Holds(value))
            {
                answers.Add(answer.At(now, Token, value));
            }
        }

        if (isResumed && refused?.Holds(value) == true)
        {
            isResumed = false;
            isRefused = true;
            LogRefused(context.Name, Token);
            watch?.Forget();
            answers.AddRange(subscribe.Select(s => s.At(now, "")));
        }

        gap = watch?.Look(value);
        return when?.Holds(value) != false ? Verdict.Payload : Verdict.NoPayload;
    }

    /// <summary>A gap that is there right behind a connection was left by the provider, and would be there again.</summary>
    private bool IsToFill(Gap gap) => gap.IsWithin && options.Sequence!.OnGap == SequenceOptions.Again;

    private void Tell(Gap gap)
    {
        context.Health.Missed(context.Name, gap.Missing);
        if (!hasGap)
        {
            hasGap = true;
            LogGap(context.Name, gap.Missing, gap.Before, gap.After);
        }

        if (IsToFill(gap))
        {
            throw new ConnectionLostException($"{gap.Missing} messages are missing behind {gap.Before}; the source subscribes anew");
        }

        // What came before a new subscription was asked for when that was made.
        if (gap.IsWithin || isResumed)
        {
            missed();
        }
    }

    private static DocumentCondition? Condition(string? text) => text is null ? null
        : DocumentCondition.TryParse(text, out var condition, out var error) ? condition : throw new FormatException(error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Source {Source}: {Count} messages are missing between {Before} and {After}; further gaps of this connection are only counted")]
    private partial void LogGap(string source, long count, long before, long after);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Source {Source}: the provider can't go on behind {Sequence}; what it said since is missing, and the source subscribes anew")]
    private partial void LogRefused(string source, string sequence);
}
