//! Words without which a pattern cannot match: where none of them is, it need not be looked for.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::Node;

/// Words of which every match has one: the rarest such set.
#[derive(Debug, Default)]
pub(super) struct Anchor {
    pub(super) words: Vec<String>,
    /// How many words of a match may stand before it.
    pub(super) reach: usize,
    /// Words of which one always stands right beside it, if there are such.
    pub(super) beside: Option<(Side, Vec<String>)>,
}

/// Where words stand that are beside an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::safety) enum Side {
    Before,
    After,
}

/// The anchor of a pattern; `None` if it can do without any particular word.
pub(super) fn of(node: &Node) -> Option<Anchor> {
    match node {
        Node::Word(word) => Some(Anchor { words: vec![word.clone()], ..Anchor::default() }),
        Node::Sequence(nodes) => {
            let (nodes, mut before) = (flat(nodes), 0);
            let anchors = nodes.iter().enumerate().filter_map(|(at, node)| {
                let start = before;
                before += longest(node);
                let Anchor { words, reach, beside } = of(node)?;
                let beside = beside.or_else(|| single(node).and_then(|_| neighbour(&nodes, at)));
                Some(Anchor { words, reach: start + reach, beside })
            });
            anchors.min_by_key(|anchor| (weigh(&anchor.words), anchor.beside.is_none()))
        }
        Node::Choice(nodes) => {
            let mut all = Anchor::default();
            for node in nodes {
                let Anchor { words, reach, .. } = of(node)?;
                all.words.extend(words);
                all.reach = all.reach.max(reach);
            }
            Some(all)
        }
        Node::Gap(_) | Node::Optional(_) | Node::Start | Node::End => None,
    }
}

/// A sequence without sequences in it.
fn flat(nodes: &[Node]) -> Vec<&Node> {
    let parts = nodes.iter().flat_map(|node| match node {
        Node::Sequence(inner) => flat(inner),
        node => vec![node],
    });
    parts.collect()
}

/// The words of which a node is one, if it is always one word.
fn single(node: &Node) -> Option<Vec<String>> {
    match node {
        Node::Word(word) => Some(vec![word.clone()]),
        Node::Choice(nodes) => {
            let words: Option<Vec<_>> = nodes.iter().map(single).collect();
            words.map(|words| words.concat())
        }
        _ => None,
    }
}

/// The rarer of the words on both sides.
fn neighbour(nodes: &[&Node], at: usize) -> Option<(Side, Vec<String>)> {
    let words = |at: Option<usize>| single(nodes.get(at?)?);
    let before = words(at.checked_sub(1)).map(|words| (Side::Before, words));
    let after = words(at.checked_add(1)).map(|words| (Side::After, words));
    before.into_iter().chain(after).min_by_key(|(_, words)| weigh(words))
}

/// How many words a match may have.
fn longest(node: &Node) -> usize {
    match node {
        Node::Word(_) => 1,
        Node::Gap(most) => *most,
        Node::Sequence(nodes) => nodes.iter().map(longest).sum(),
        Node::Choice(nodes) => nodes.iter().map(longest).max().unwrap_or(0),
        Node::Optional(node) => longest(node),
        Node::Start | Node::End => 0,
    }
}

/// How often one of the words stands in a text, roughly.
fn weigh(words: &[String]) -> usize {
    words.iter().map(|word| if FREQUENT.contains(word.as_str()) { 200 } else { 1 }).sum()
}

/// [`COMMON`], to look things up in.
static FREQUENT: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.split(' ').collect());
/// Words that stand in almost every text, of all languages.
const COMMON: &str = "\
    i a an the to and of in it is am are was my me you he she they we that this not no do so \
    but for on at with have had be been will would can if or when all just like want what \
    about up out from because her his him them get got go going now myself anymore feel de \
    la que el y en un una lo se con mi por si es ya muy mas quiero yo te le los las para \
    todo je ne pas les et du des une qui ce suis ai ma mon plus tout jai pour sur veux ich \
    nicht und die der das zu ist mein meine mich mir ein eine mehr auch nur wenn dass mit \
    auf eu nao o os as e um uma em da com meu minha mais quero ja في من لا ما انا ان على اني \
    مش هذا كل يا مو او الي में है नहीं हूँ हूं को का की के से और मैं मुझे मेरी मेरा ही भी तो \
    कर main hai nahi hoon ko ka ki mujhe 我 你 他 她 的 了 不 是 在 有 就 都 也 很 想 要 会 没 这 那 一 个 们 人 好 说 \
    去 到 得 着 过 把 被 给 和 还 再 又 太 真 吗 吧 啊 什 么 自 己 来 上 下 天 心 能 可 以 为 多 所 时 候 觉 感 知 道 样 活 \
    里 面 家 生 年 月 日 吃 看 走 做 让 事 情 只 从 比 最 怎 因 果 但 后 前 每 已 经 难 大 小 中 出 对 起 用 点 晚 早 些 停 \
    hab habe bin kann kein keine so wie was wird werden war sie er wir man noch schon immer hier jetzt heute alles \
    mal ganz von bei nach vor um am im an den dem sich geht estoy esta este eso como cuando del al su he ha hoy \
    ahora nada siempre nunca todos voy tengo hacer dans au avec mais ou est se son mes tu il elle on nous vous me \
    moi fait si jamais rien estou isso quando tudo sempre hoje agora vou tenho fazer mim pra na no never one all any \
    even how think know feel life time day night people been more only them still too much tell home everything";
