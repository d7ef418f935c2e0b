using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>What waits in front of a stage: a batch, or something to be done between two.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Act">What is to be done; given the lane and the ticket.</param>
/// <param name="Live">The batch's records.</param>
/// <param name="Load">What it takes of the link's bound.</param>
/// <param name="Ticket">The place in the order of arrival, from 0.</param>
internal readonly record struct Arrival(Batch? Batch, Func<int, long, ValueTask>? Act, int Live, Load Load, long Ticket);
