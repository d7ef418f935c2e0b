using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Checkpoints;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Sources.OnDemand;

namespace StreamEngine.Sources.Http;

/// <summary>Makes its requests when they are due, a few at a time, and hands on what they give.</summary>
internal sealed partial class HttpSource : IPositionedSource
{
    /// <summary>More would only wait inside the gate, where the order can't change any more.</summary>
    public const int MaxInFlight = 8;

    /// <summary>Wait after the gate refused a request without saying for how long.</summary>
    private static readonly TimeSpan RefusedWait = TimeSpan.FromSeconds(1);

    private readonly string name;
    private readonly BlockContext context;
    private readonly HttpSourceOptions options;
    private readonly ProviderGate gate;
    private readonly RequestSchedule schedule;
    private readonly HttpRequester requester;
    private readonly PayloadOutlet outlet;
    private readonly Pager pager;
    private readonly RequestFeeds feeds;
    private readonly Urgency urgency;
    private readonly Action wakeUp;
    private readonly DiscoveredItems? discovered;
    private readonly PullQueue? pulls;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentQueue<TrackedRequest> finished = new();
    private readonly Dictionary<TrackedRequest, Task<GateResult<Fetched>>> inFlight = [];
    private readonly int mostInFlight;
    private volatile bool itemsChanged = true;
    private int lastCount = -1;

    public HttpSource(HttpSourceOptions options, BlockContext context)
    {
        this.options = options;
        this.context = context;
        name = context.Name;
        time = context.Time;
        gate = context.Gates[options.Provider];
        logger = context.Logging.CreateLogger<HttpSource>();
        feeds = context.Shared<RequestFeeds>();
        urgency = feeds.UrgencyOf(name);
        urgency.Wake(wakeUp = Wake);
        schedule = new RequestSchedule(options.Every, options.Jitter, time, context.Random);
        var kept = options.Patch is { } patch ? new KeptDocuments(patch, time) : null;
        requester = new HttpRequester(options, gate, kept, context);
        outlet = new PayloadOutlet(kept, context.Health.Outage(options.Provider), context);

        // What is taken apart arrives while it is handed on: an answer that waits for another one would be given up by the provider.
        mostInFlight = options.IsTakenApart ? 1 : MaxInFlight;
        pager = new Pager(options, gate.Options.Auth?.Query?.Name, text => gate.Redact(text, options.Headers.Values));
        pulls = options.Pull is { } key ? new PullQueue(new PullKey(key), Wanted.Pulled(options), gate.Options.Priority, time, wakeUp) : null;
        if (options.For is { } from)
        {
            discovered = new DiscoveredItems(from, Wanted.Most(options), () =>
            {
                itemsChanged = true;
                Wake();
            });

            // Before any source runs, so that the first payload is not missed.
            feeds.Subscribe(from.From, name, discovered);
        }
    }

    public bool IsFinite => false;

    /// <inheritdoc/>
    /// <remarks>
    /// What is still known behind the source is asked again when it is due, so that a restart costs no more requests than the time it takes;
    /// but a source from which another one learns what to ask is asked at once.
    /// </remarks>
    public void Restore(StateReader state)
    {
        ArgumentNullException.ThrowIfNull(state);
        outlet.Restore(HttpPosition.Restore(state));
        if (state.IsRemembered && !feeds.HasReaders(name))
        {
            schedule.Answered = outlet.Position.Answered;
        }
    }

    public async Task RunAsync(ISourceOutput output, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var timer = time.CreateTimer(static state => ((HttpSource)state!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using (timer.ConfigureAwait(false))
        {
            try
            {
                OfferPulls();
                while (!stop.IsCancellationRequested)
                {
                    await TakeInAsync(output, ending.Token, stop).ConfigureAwait(false);
                    UpdateRequests();
                    if (urgency.Take())
                    {
                        schedule.Hurry();
                    }

                    TakePulls(ending.Token);
                    while (PollsInFlight < mostInFlight && schedule.TakeDue() is { } request)
                    {
                        inFlight.Add(request, AskAsync(request, ending.Token));
                    }

                    if (PollsInFlight < mostInFlight && schedule.UntilDue is { } wait)
                    {
                        timer.Change(WholeMilliseconds(wait), Timeout.InfiniteTimeSpan);
                    }

                    await wake.Reader.ReadAsync(stop).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
            finally
            {
                EndPulls();
                await ending.CancelAsync().ConfigureAwait(false);
                await DropAnswersAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Hands on what came in. While the pipeline is full this waits, and nothing new is asked.</summary>
    private async ValueTask TakeInAsync(ISourceOutput output, CancellationToken ending, CancellationToken stop)
    {
        while (finished.TryDequeue(out var request))
        {
            inFlight.Remove(request, out var asked);
            var goesOn = false;
            try
            {
                var result = await asked!.ConfigureAwait(false);
                request.IsRefused = result is { Outcome: GateOutcome.BreakerOpen or GateOutcome.QueueFull, Attempts: 0 };
                request.SentAt = result.SentAt;
                request.RetryAt = result.RetryAt ?? (result.Outcome is GateOutcome.BreakerOpen or GateOutcome.QueueFull ? time.GetUtcNow() + RefusedWait : null);
                if (result.Value is { } fetched)
                {
                    goesOn = fetched.Arriving is null
                        ? await HandOnAsync(request, fetched, output, stop).ConfigureAwait(false)
                        : await HandOnArrivingAsync(request, fetched, output, stop).ConfigureAwait(false);
                }
                else if (!IsUnknown(request, result))
                {
                    outlet.Failed(request, result.Outcome, result.Attempts, result.Error ?? "failed");
                }

                if (!goesOn)
                {
                    EndPull(request, result);
                }
            }
            finally
            {
                if (!goesOn)
                {
                    Done(request);
                }
            }

            if (goesOn)
            {
                inFlight.Add(request, AskAsync(request, ending));
            }
        }
    }

    /// <summary>Hands a page on.</summary>
    /// <returns>Whether there is a page to go on with.</returns>
    private async ValueTask<bool> HandOnAsync(TrackedRequest request, Fetched fetched, ISourceOutput output, CancellationToken stop)
    {
        var turn = pager.After(request, fetched);
        await outlet.HandOnAsync(request, fetched, turn.IsWhole, output, stop).ConfigureAwait(false);
        if (turn.Fault is not null)
        {
            outlet.Incomplete(request, turn.Fault);
        }

        if (turn.IsWhole)
        {
            request.FreshFor = fetched.FreshFor;
            foreach (var page in schedule.DropPages(request))
            {
                feeds.Forget(name, page.Number);
            }
        }

        request.Poll.Fault = turn.Fault;
        if (turn.Next is null || (request.Gone && !request.Poll.IsOnDemand))
        {
            return false;
        }

        // Only now that the page before is out: pages stay in order, and one at a time is in memory.
        request.Poll.GoOn(turn.Next);
        schedule.NeedPage(request);
        return true;
    }

    /// <summary>The source ends: what is still asked is cancelled, what came in is not handed on any more.</summary>
    private async Task DropAnswersAsync()
    {
        foreach (var (request, asked) in inFlight)
        {
            await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (asked.IsCompletedSuccessfully)
            {
                asked.Result.Value?.Body?.Dispose();
                asked.Result.Value?.Arriving?.Dispose();
            }

            Done(request);
        }

        inFlight.Clear();
        finished.Clear();
    }

    private void Done(TrackedRequest request)
    {
        if (!schedule.Done(request))
        {
            Forget(request);
        }
    }

    private void Forget(TrackedRequest request)
    {
        foreach (var page in request.Pages)
        {
            feeds.Forget(name, page.Number);
        }

        outlet.Forget(request);
    }

    private void UpdateRequests()
    {
        if (!itemsChanged)
        {
            return;
        }

        itemsChanged = false;
        var wanted = Wanted.Of(options, discovered?.Current, out var left);
        if (left > 0)
        {
            logger.TooManyRequests(name, wanted.Count + left, Wanted.Most(options));
        }

        foreach (var gone in schedule.Set(wanted))
        {
            Forget(gone);
        }

        if (schedule.Count != lastCount && ProviderBudget.PerMinute(gate.Options.Throttle, ProviderBudget.Credits(options)) is var allowed && schedule.PerMinute > allowed)
        {
            logger.OverBudget(name, schedule.Count, schedule.PerMinute, gate.Name, allowed);
        }

        lastCount = schedule.Count;
    }

    private async Task<GateResult<Fetched>> AskAsync(TrackedRequest request, CancellationToken cancellationToken)
    {
        try
        {
            if (request.Poll.BrokenOff > 0)
            {
                await Task.Delay(gate.Backoff(request.Poll.BrokenOff), time, cancellationToken).ConfigureAwait(false);
            }

            return await requester.AskAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            finished.Enqueue(request);
            Wake();
        }
    }

    private void Wake() => wake.Writer.TryWrite(true);

    /// <summary>Timers cut off what is less than a millisecond: rounding up saves a wake-up that comes too early.</summary>
    private static TimeSpan WholeMilliseconds(TimeSpan wait) => TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
}
