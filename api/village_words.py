"""What are the places and people of the simulated village called? Its data, in Chinese and English; nobody in it lives."""

from dataclasses import dataclass

Words = tuple[str, str]
"""The same in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Township:
    """A township with its villages; `lat`, `lon`: its middle in WGS-84 degrees, near enough for a map."""

    code: str
    name: Words
    lat: float
    lon: float
    villages: tuple[tuple[str, Words], ...]


CITY = ("lincang", ("临沧市", "Lincang"))
COUNTY = ("fengqing", ("凤庆县", "Fengqing County"))


def _township(code: str, name: Words, lat: float, lon: float, *villages: tuple[str, str, str]) -> Township:
    named = tuple((f"{code}-{short}", (chinese, english)) for short, chinese, english in villages)
    return Township(code, name, lat, lon, named)


TOWNSHIPS = (
    _township(
        "fengshan", ("凤山镇", "Fengshan"), 24.583, 99.918,
        ("fengshan", "凤山村", "Fengshan Village"), ("anshi", "安石村", "Anshi"), ("luoxing", "落星村", "Luoxing"),
    ),
    _township(
        "luodang", ("洛党镇", "Luodang"), 24.496, 99.893,
        ("yonghe", "永和村", "Yonghe"), ("qingtou", "箐头村", "Qingtou"), ("daxing", "大兴村", "Daxing"),
    ),
    _township(
        "dasi", ("大寺乡", "Dasi"), 24.652, 99.853,
        ("qingshui", "清水村", "Qingshui"), ("pinghe", "平河村", "Pinghe"), ("huilong", "回龙村", "Huilong"),
    ),
    _township(
        "shili", ("诗礼乡", "Shili"), 24.742, 99.873,
        ("gumo", "古墨村", "Gumo"), ("sanhe", "三合村", "Sanhe"), ("yongfu", "永复村", "Yongfu"),
    ),
    _township(
        "lushi", ("鲁史镇", "Lushi"), 24.822, 99.997,
        ("yanhe", "沿河村", "Yanhe"), ("jinji", "金鸡村", "Jinji"), ("yongxin", "永新村", "Yongxin"),
    ),
    _township(
        "mengyou", ("勐佑镇", "Mengyou"), 24.484, 99.796,
        ("hedong", "河东村", "Hedong"), ("mengyou", "勐佑村", "Mengyou Village"), ("zhongxin", "中心村", "Zhongxin"),
    ),
    _township(
        "sanchahe", ("三岔河镇", "Sanchahe"), 24.455, 99.986,
        ("minglong", "明龙村", "Minglong"), ("shantou", "山头村", "Shantou"), ("baihe", "柏合村", "Baihe"),
    ),
    _township(
        "yingpan", ("营盘镇", "Yingpan"), 24.404, 100.087,
        ("yingpan", "营盘村", "Yingpan Village"), ("lixin", "里新村", "Lixin"), ("wumu", "五木村", "Wumu"),
    ),
)  # fmt: skip

SURNAMES: tuple[Words, ...] = (
    ("李", "Li"), ("杨", "Yang"), ("张", "Zhang"), ("王", "Wang"), ("赵", "Zhao"), ("罗", "Luo"), ("字", "Zi"),
    ("鲁", "Lu"), ("段", "Duan"), ("周", "Zhou"), ("毕", "Bi"), ("郭", "Guo"), ("陈", "Chen"), ("茶", "Cha"),
    ("施", "Shi"), ("普", "Pu"), ("左", "Zuo"), ("穆", "Mu"), ("唐", "Tang"), ("苏", "Su"),
)  # fmt: skip
OLD_WOMEN: tuple[Words, ...] = (
    ("桂英", "Guiying"), ("秀兰", "Xiulan"), ("凤仙", "Fengxian"), ("玉珍", "Yuzhen"), ("美莲", "Meilian"),
    ("琼芝", "Qiongzhi"), ("素芬", "Sufen"), ("菊香", "Juxiang"), ("翠萍", "Cuiping"), ("月英", "Yueying"),
    ("淑贞", "Shuzhen"), ("春花", "Chunhua"), ("慧芳", "Huifang"), ("金凤", "Jinfeng"), ("兰芝", "Lanzhi"),
    ("银秀", "Yinxiu"),
)  # fmt: skip
OLD_MEN: tuple[Words, ...] = (
    ("文昌", "Wenchang"), ("学仁", "Xueren"), ("正华", "Zhenghua"), ("国安", "Guo'an"), ("光明", "Guangming"),
    ("朝富", "Chaofu"), ("发祥", "Faxiang"), ("应龙", "Yinglong"), ("天佑", "Tianyou"), ("德清", "Deqing"),
    ("永福", "Yongfu"), ("忠义", "Zhongyi"), ("开元", "Kaiyuan"), ("世昌", "Shichang"), ("培根", "Peigen"),
    ("家兴", "Jiaxing"),
)  # fmt: skip
YOUNGER: tuple[Words, ...] = (
    ("晓梅", "Xiaomei"), ("建国", "Jianguo"), ("丽华", "Lihua"), ("志强", "Zhiqiang"), ("海燕", "Haiyan"),
    ("云龙", "Yunlong"), ("雪芹", "Xueqin"), ("永昌", "Yongchang"), ("红梅", "Hongmei"), ("绍军", "Shaojun"),
    ("春燕", "Chunyan"), ("家明", "Jiaming"), ("艳萍", "Yanping"), ("文斌", "Wenbin"), ("兰香", "Lanxiang"),
    ("国辉", "Guohui"),
)  # fmt: skip

CHILDREN: tuple[Words, ...] = (("儿子", "son"), ("女儿", "daughter"), ("孙子", "grandson"), ("侄女", "niece"))
LIVES_AWAY: tuple[Words, ...] = (
    ("在昆明", "in Kunming"), ("在大理", "in Dali"), ("在广东", "in Guangdong"), ("在临沧", "in Lincang"),
    ("在浙江", "in Zhejiang"),
)  # fmt: skip
NEIGHBOUR: Words = ("邻居", "neighbour")
RELATION: Words = ("{who}（{where}）", "{who}, {where}")
FULL_NAME: Words = ("{surname}{given}", "{surname} {given}")
ADDRESS: Words = ("{group}组 {number}号", "Group {group}, No. {number}")

KEY_NOTES: tuple[Words, ...] = (
    ("钥匙在邻居{name}家（右手第二家）。", "Key with {name} next door, second house on the right."),
    ("钥匙在村委会，{name}保管。", "Key at the village office, {name} keeps it."),
    ("院门不锁，狗拴在左边。", "The yard gate is open; the dog is tied up on the left."),
    ("从后门进，钥匙在花盆下面。", "By the back door; the key is under the flower pot."),
)
NOTES: tuple[Words, ...] = (
    ("高血压，每天早晚服药。", "High blood pressure; tablets morning and evening."),
    ("左腿不便，用拐杖。", "Left leg is weak; walks with a stick."),
    ("听力弱，请大声说话。", "Hard of hearing; speak loudly."),
    ("糖尿病，随身有糖。", "Diabetic; carries sugar."),
    ("白内障，看不清台阶。", "Cataract; cannot see steps well."),
    ("去年摔过一次，髋部做过手术。", "Fell last year; had a hip operation."),
    ("记性不好，说过的话会再问。", "Forgetful; asks the same again."),
    ("只说本地话。", "Speaks the local dialect only."),
)

FIRST_ROTA: Words = ("{place}值班", "{place}, first on call")
SECOND_ROTA: Words = ("{place}副班", "{place}, second on call")
SERVICES: tuple[tuple[str, Words, int], ...] = (
    ("meal", ("送餐", "Meal at home"), 30),
    ("bathing", ("助浴", "Help with bathing"), 60),
)
"""Code, name and usual minutes: two of the seven services of GB/T 43153-2023."""
